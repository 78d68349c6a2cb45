/** The column picker: all columns that the runs have, with a search; what is chosen is remembered. */
import { useState } from "preact/hooks";
import type { ColumnInfo } from "../../../generated/api";
import { Button } from "../../components/basic";
import { Menu } from "../../components/menu";
import { number, titled } from "../../text/format";

const SHOWN = 300;

export function ColumnPicker({ catalogue, shown, onChange, onReset }: {
  catalogue: ColumnInfo[];
  shown: string[];
  onChange: (columns: string[]) => void;
  onReset: () => void;
}) {
  const [text, setText] = useState("");
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const offered = catalogue.filter((info) => info.kind !== "attributes" && words.every((word) => `${info.column} ${titled(info.column)}`.toLowerCase().includes(word)));
  const bare = new Set(shown.map((name) => name.replace(/@[^@]*$/, "")));
  const toggle = (info: ColumnInfo) =>
    onChange(bare.has(info.column) ? shown.filter((name) => name.replace(/@[^@]*$/, "") !== info.column) : [...shown, info.column]);
  return (
    <Menu icon="columns" text="Columns" label="Columns" right>
      {() => (
        <div style={{ width: "320px" }}>
          <input class="field" style={{ width: "100%" }} type="search" aria-label="Find a column" placeholder="Find a column" value={text} onInput={(event) => setText(event.currentTarget.value)} />
          <div class="row spread small soft" style={{ padding: "8px 4px 4px" }}>
            <span>{number(offered.length)} columns, {shown.length} shown</span>
            <Button kind="plain small" onClick={onReset}>Reset</Button>
          </div>
          {(["metrics", "params", "tags"] as const).map((kind) => {
            const group = offered.filter((info) => info.kind === kind).slice(0, SHOWN);
            if (!group.length) return null;
            return (
              <fieldset key={kind} style={{ border: 0, margin: 0, padding: "6px 4px" }}>
                <legend class="small faint">{kind}</legend>
                {group.map((info) => (
                  <label class="check" key={info.column} style={{ display: "flex", padding: "3px 0" }} title={`${info.runs} runs, ${info.distinct} different values`}>
                    <input type="checkbox" checked={bare.has(info.column)} onChange={() => toggle(info)} />
                    <span class="clip grow">{titled(info.column)}</span>
                    <span class="faint small number">{number(info.runs)}</span>
                  </label>
                ))}
              </fieldset>
            );
          })}
        </div>
      )}
    </Menu>
  );
}
