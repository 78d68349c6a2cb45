/** Where the threads of two runs part first, and why. */
import type { Comparison } from "../../../generated/api";
import { lineageDiff } from "../../../generated/api";
import { useQuery } from "../../api/query";
import { Card, Chip, Empty, Loaded } from "../../components/basic";
import { Table } from "../../components/table";
import { useQueryPart } from "../../router";
import { number, plural } from "../../text/format";

export function DiffTab({ answer }: { answer: Comparison }) {
  const [left, setLeft] = useQueryPart("a", answer.runs[0]?.id);
  const [right, setRight] = useQueryPart("b", answer.runs[1]?.id ?? "");
  const diff = useQuery(left && right && left !== right ? `diff/${left}/${right}` : null, (signal) => lineageDiff({ a: left, b: right }, { signal }));
  if (answer.runs.length < 2) return <div class="card"><Empty icon="lineage" title="Add a second run">Then this says at which step their threads part, and why.</Empty></div>;
  const choice = (label: string, value: string, change: (id: string) => void) => (
    <label class="labelled">{label}
      <select class="field" value={value} onChange={(event) => change(event.currentTarget.value)}>{answer.runs.map((run) => <option key={run.id} value={run.id}>{run.name}</option>)}</select>
    </label>
  );
  return (
    <div class="stack loose">
      <div class="row wrap">{choice("From", left, setLeft)}{choice("to", right, setRight)}</div>
      {left === right ? <p class="soft">Choose two different runs.</p> : (
        <Loaded query={diff} rows={4}>
          {(found) => (
            <>
              <p>{found.same
                ? `Both threads are the same, node for node (${plural(found.shared, "node")}).`
                : `${number(found.shared)} of ${number(found.a_nodes)} and ${number(found.b_nodes)} nodes stand in both threads. They part at ${plural(found.partings.length, "call")}:`}
              </p>
              {found.partings.map((parting) => (
                <Card key={`${parting.a}${parting.b}`} title={<span class="mono">{parting.operation}</span>} end={<>{parting.a && <a class="small" href={`/lineage?focus=${parting.a}`}>first</a>}{parting.b && <a class="small" href={`/lineage?focus=${parting.b}`}>second</a>}</>} flush>
                  {!parting.a || !parting.b
                    ? <p class="soft" style={{ padding: "14px" }}>Only the {parting.a ? "first" : "second"} thread has this call.</p>
                    : (
                      <Table
                        label={`Differences of ${parting.operation}`}
                        rows={parting.why}
                        rowKey={(one) => one.field}
                        columns={[
                          { key: "field", head: "What", rowHead: true, cell: (one) => <Chip>{one.field}</Chip> },
                          { key: "text", head: "Difference", cell: (one) => <span title={`${one.was} → ${one.now}`}>{one.text || `${one.was} → ${one.now}`}</span> },
                        ]}
                      />
                    )}
                </Card>
              ))}
            </>
          )}
        </Loaded>
      )}
    </div>
  );
}
