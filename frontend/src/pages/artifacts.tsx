/** Files of a run or model: folders at the left, what a file shows at the right. */
import type { Artifact, Preview } from "../../generated/api";
import { artifactsContentAddress, artifactsList, artifactsPreview } from "../../generated/api";
import { useQuery } from "../api/query";
import { Card, Empty, IdChip, Loaded } from "../components/basic";
import { Icon } from "../components/icon";
import { Table } from "../components/table";
import { setQuery, usePlace } from "../router";
import { bytes, cell, number } from "../text/format";
import { Markdown } from "../text/markdown";

type Owner = "run" | "model";

export function ArtifactsTab({ owner, id, path: top = "", empty = "No files yet." }: { owner: Owner; id: string; path?: string; empty?: string }) {
  const { query } = usePlace();
  const chosen = query.get("path") ?? "";
  const topmost = useQuery(`run/${id}/files/${top}`, (signal) => artifactsList({ owner, id, path: top }, { signal }));
  if (topmost.data && !topmost.data.items.length) {
    return <div class="card"><Empty icon="folder" title={empty}>{top ? null : <>In a run: <code>clew.log_artifact("plot.png")</code></>}</Empty></div>;
  }
  return (
    <div class="grid" style={{ gridTemplateColumns: "minmax(220px, 300px) minmax(0, 1fr)", alignItems: "start" }}>
      <Card title="Files">
        <nav aria-label="Files"><Loaded query={topmost} rows={4}>{(folder) => <Items owner={owner} id={id} items={folder.items} chosen={chosen} />}</Loaded></nav>
      </Card>
      {chosen ? <Shown owner={owner} id={id} path={chosen} /> : <div class="card"><Empty icon="file" title="Choose a file to see it" /></div>}
    </div>
  );
}

function Items({ owner, id, items, chosen }: { owner: Owner; id: string; items: Artifact[]; chosen: string }) {
  return (
    <ul class="outline">
      {items.map((item) => {
        const open = item.is_folder && (chosen === item.path || chosen.startsWith(item.path + "/"));
        return (
          <li key={item.path}>
            <button type="button" aria-current={chosen === item.path} aria-expanded={item.is_folder ? open : undefined} onClick={() => setQuery({ path: item.path })}>
              <Icon name={item.is_folder ? "folder" : "file"} size={14} />
              <span class="clip grow">{item.path.split("/").at(-1)}</span>
              {!item.is_folder && <span class="faint small number">{bytes(item.size_bytes)}</span>}
            </button>
            {open && <Folder owner={owner} id={id} path={item.path} chosen={chosen} />}
          </li>
        );
      })}
    </ul>
  );
}

function Folder({ owner, id, path, chosen }: { owner: Owner; id: string; path: string; chosen: string }) {
  const query = useQuery(`run/${id}/files/${path}`, (signal) => artifactsList({ owner, id, path }, { signal }));
  return <Loaded query={query} rows={2}>{(folder) => <Items owner={owner} id={id} items={folder.items} chosen={chosen} />}</Loaded>;
}

function Shown({ owner, id, path }: { owner: Owner; id: string; path: string }) {
  const query = useQuery(`run/${id}/preview/${path}`, (signal) => artifactsPreview({ owner, id, path }, { signal }));
  const download = <a class="button small" href={artifactsContentAddress({ owner, id, path, download: true })} download><Icon name="download" />Download</a>;
  if (query.error?.kind === "NotFound" || query.error?.status === 404) return <div class="card"><Empty icon="folder" title="A folder">Choose a file in it.</Empty></div>;
  return (
    <Card title={<span class="mono">{path}</span>} end={download}>
      <Loaded query={query}>
        {(preview) => (
          <div class="stack">
            <div class="row wrap small soft">
              <span>{bytes(preview.artifact.size_bytes)}</span>
              {preview.artifact.media_type && <span>{preview.artifact.media_type}</span>}
              {preview.artifact.content && <IdChip id={preview.artifact.content} shown={preview.artifact.content.slice(0, 12)} />}
              {preview.truncated && <span>the beginning only</span>}
            </div>
            <PreviewBody preview={preview} source={artifactsContentAddress({ owner, id, path })} />
          </div>
        )}
      </Loaded>
    </Card>
  );
}

function PreviewBody({ preview, source }: { preview: Preview; source: string }) {
  switch (preview.kind) {
    case "image":
      return <img class="preview" src={source} alt={preview.artifact.path} />;
    case "table":
      return (
        <>
          <Table
            label={preview.artifact.path}
            rows={preview.rows ?? []}
            rowKey={(_row, index) => String(index)}
            columns={(preview.columns ?? []).map((name, index) => ({
              key: `${index}`, head: name, cell: (row: (number | string | null)[]) => cell(row[index]), number: typeof preview.rows?.[0]?.[index] === "number",
            }))}
          />
          {preview.total_rows !== null && <p class="small soft">{number(preview.rows?.length)} of {number(preview.total_rows)} rows</p>}
        </>
      );
    case "markdown":
      return <Markdown text={preview.text ?? ""} />;
    case "binary":
      return <Empty icon="file" title="Nothing to show">A binary file: download it.</Empty>;
    default:
      return <pre class="block" tabIndex={0} style={{ maxHeight: "60vh" }}>{preview.text}</pre>;
  }
}
