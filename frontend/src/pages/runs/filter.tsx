/** Help with the filter language: examples made of the columns that the runs have. */
import type { ColumnInfo } from "../../../generated/api";
import { Item, Menu } from "../../components/menu";
import { setQuery } from "../../router";
import { number } from "../../text/format";

export function quoted(key: string): string {
  return /^[A-Za-z_]\w*$/.test(key) ? key : "`" + key + "`";
}

/** Conditions that make sense for these columns. */
export function suggestions(catalogue: ColumnInfo[]): string[] {
  const made: string[] = [];
  for (const info of catalogue.filter((one) => one.kind === "metrics").slice(0, 4)) {
    const middle = typeof info.min === "number" && typeof info.max === "number" ? (info.min + info.max) / 2 : 0;
    made.push(`metrics.${quoted(info.key)} > ${number(middle, 3).replaceAll("\u2009", "")}`);
  }
  for (const info of catalogue.filter((one) => one.kind === "params" && one.distinct > 1).slice(0, 5)) {
    if (info.examples[0] !== undefined) made.push(`params.${quoted(info.key)} = '${info.examples[0].replaceAll("'", "''")}'`);
  }
  made.push("attributes.status = 'FINISHED'", "attributes.run_name LIKE '%a%'");
  return made;
}

export function FilterHelp({ catalogue, filter }: { catalogue: ColumnInfo[]; filter: string }) {
  return (
    <Menu icon="plus" label="Add a condition" kind="plain">
      {(close) => (
        <div style={{ width: "340px" }}>
          <p class="small soft" style={{ padding: "4px 9px" }}>MLflow's filter language; conditions are joined by <code>and</code>.</p>
          {suggestions(catalogue).map((text) => (
            <Item key={text} onClick={() => { setQuery({ filter: filter ? `${filter} and ${text}` : text }, { replace: false }); close(); }}>
              <code>{text}</code>
            </Item>
          ))}
          {filter && <><hr /><Item icon="close" onClick={() => { setQuery({ filter: null }, { replace: false }); close(); }}>Clear the filter</Item></>}
        </div>
      )}
    </Menu>
  );
}
