/** All about the node or value that is selected. */
import type { GraphNode, NodeDetail, ValueDetail } from "../../../generated/api";
import { lineageNode, lineageValue } from "../../../generated/api";
import { useQuery } from "../../api/query";
import { Button, Command, DecisionChip, IdChip, Loaded, Time } from "../../components/basic";
import { navigate, setQuery, withQuery } from "../../router";
import { bytes, duration, when } from "../../text/format";
import { ImpactPanel } from "./impact";
import { usePlace } from "../../router";

export function Inspector({ id, node, focus }: { id: string; node: GraphNode | undefined; focus: string }) {
  const { query } = usePlace();
  const isRun = node?.kind === "run";
  const isValue = node?.kind === "value";
  const detail = useQuery(isValue || !node ? null : `node/${id}`, (signal) => lineageNode(id, { signal }));
  const value = useQuery(isValue ? `value/${id}` : null, (signal) => lineageValue(id, { signal }));
  return (
    <>
      <div class="stack tight">
        <div class="row spread"><h2 class="clip" title={node?.operation}>{node?.label || id.slice(0, 12)}</h2>{node?.decision && <DecisionChip decision={node.decision} />}</div>
        {node?.operation && <code class="small soft" style={{ overflowWrap: "anywhere" }}>{node.operation}</code>}
        <div><IdChip id={id} shown={id.length > 22 ? `${id.slice(0, 20)}…` : id} /></div>
        {node?.reason && <p class="small soft">{node.reason}</p>}
        {node?.irreproducible && <p class="small" style={{ color: "var(--failed)" }}>Gave two different results: it is never reused.</p>}
      </div>
      <div class="row wrap">
        {id !== focus && <Button kind="small" onClick={() => navigate(withQuery({ focus: id, at: null, to: null }))}>Focus here</Button>}
        {id !== focus && <Button kind="small" onClick={() => setQuery({ to: id })}>Path from the focus</Button>}
        <Button kind="small" pressed={query.get("impact") === id} onClick={() => setQuery({ impact: query.get("impact") === id ? null : id })}>Impact</Button>
        {isRun && detail.data?.uses[0] && <a class="button small" href={`/runs/${detail.data.uses[0].run_id}`}>Open the run</a>}
      </div>
      {query.get("impact") && <ImpactPanel what={query.get("impact")!} />}
      {detail.data || detail.loading ? <Loaded query={detail}>{(found) => <NodeFacts node={found} />}</Loaded> : null}
      {isValue && <Loaded query={value}>{(found) => <ValueFacts value={found} />}</Loaded>}
    </>
  );
}

function NodeFacts({ node }: { node: NodeDetail }) {
  return (
    <>
      <dl class="pairs">
        <dt>Made</dt><dd>{when(node.created_ms)}</dd>
        <dt>Took</dt><dd>{duration(node.wall_s)} ({duration(node.cpu_s)} CPU)</dd>
        <dt>Result</dt><dd>{bytes(node.size_bytes)}</dd>
        {node.seed !== null && <><dt>Seed</dt><dd class="mono">{node.seed}</dd></>}
      </dl>
      <Edges title="Inputs" edges={node.inputs} />
      <Edges title="Outputs" edges={node.outputs} />
      {node.reads.length > 0 && (
        <section class="stack tight"><h3>Was seen to read</h3>
          <ul class="stack tight small">{node.reads.map((read) => <li key={read.kind + read.name}><span class="faint">{read.kind}</span> <a class="mono" href={`/lineage?impact=${encodeURIComponent(read.name)}`}>{read.name}</a></li>)}</ul>
        </section>
      )}
      <section class="stack tight"><h3>Rebuild</h3><Command text={node.rebuild} /></section>
      {node.uses.length > 0 && (
        <section class="stack tight"><h3>Runs that used it</h3>
          <ul class="stack tight">
            {node.uses.slice(0, 20).map((use) => (
              <li class="row small" key={use.run_id + use.step}><a class="clip grow" href={`/runs/${use.run_id}`}>{use.run_name}</a><DecisionChip decision={use.decision} /><span class="faint"><Time ms={use.started_ms} /></span></li>
            ))}
          </ul>
        </section>
      )}
      {Object.keys(node.libraries).length > 0 && (
        <details><summary class="small">Libraries</summary>
          <dl class="pairs small">{Object.entries(node.libraries).map(([name, version]) => <><dt><a href={`/lineage?impact=${encodeURIComponent(name)}`}>{name}</a></dt><dd class="mono">{version}</dd></>)}</dl>
        </details>
      )}
      {node.code.some((unit) => unit.source) && (
        <details><summary class="small">Code ({node.code.length} parts)</summary>
          <div class="stack" style={{ marginTop: "8px" }}>
            {node.code.filter((unit) => unit.source).map((unit) => <div key={unit.name}><div class="small soft mono">{unit.name}</div><pre class="block" tabIndex={0}>{unit.source}</pre></div>)}
          </div>
        </details>
      )}
    </>
  );
}

function Edges({ title, edges }: { title: string; edges: NodeDetail["inputs"] }) {
  if (!edges.length) return null;
  return (
    <section class="stack tight">
      <h3>{title}</h3>
      <ul class="stack tight small">
        {edges.map((edge) => (
          <li key={edge.name + edge.value}>
            <div class="row"><strong>{edge.name}</strong><span class="faint clip grow">{edge.type}</span>{edge.size_bytes > 0 && <span class="faint">{bytes(edge.size_bytes)}</span>}</div>
            <a class="mono clip" style={{ display: "block" }} href={withQuery({ focus: edge.source ?? edge.value, at: null, to: null })} title={edge.preview}>{edge.preview || edge.value.slice(0, 16)}</a>
          </li>
        ))}
      </ul>
    </section>
  );
}

function ValueFacts({ value }: { value: ValueDetail }) {
  return (
    <>
      <dl class="pairs">
        <dt>Type</dt><dd class="mono">{value.type}</dd>
        <dt>Preview</dt><dd class="mono">{value.preview}</dd>
        <dt>State</dt><dd>{value.state}{value.size_bytes ? `, ${bytes(value.size_bytes)}` : ""}{value.format ? ` as ${value.format}` : ""}</dd>
      </dl>
      {([["Made by", value.made_by], ["Read by", value.read_by]] as const).map(([title, nodes]) => nodes.length > 0 && (
        <section class="stack tight" key={title}><h3>{title}</h3>
          <ul class="stack tight small">{nodes.slice(0, 30).map((node) => <li key={node.id}><a href={withQuery({ focus: node.id, at: null, to: null })}>{node.operation}</a></li>)}</ul>
        </section>
      ))}
    </>
  );
}
