import type { RunDetail } from "../../../generated/api";
import { Card, Command, Empty } from "../../components/basic";
import { SearchField } from "../../components/search";
import { Table } from "../../components/table";
import { useQueryPart } from "../../router";

export function EnvironmentTab({ run }: { run: RunDetail }) {
  const [text, setText] = useQueryPart("q");
  const { environment } = run;
  const versions = Object.entries(environment.versions).filter(([name]) => name.toLowerCase().includes(text.toLowerCase()));
  return (
    <div class="grid main-side">
      <Card title="Versions" count={versions.length} flush>
        {Object.keys(environment.versions).length
          ? (
            <>
              <div style={{ padding: "10px 12px 0" }}><SearchField label="Filter libraries" placeholder="Library" value={text} onChange={setText} /></div>
              <Table
                label="Versions"
                rows={versions}
                rowKey={([name]) => name}
                columns={[
                  { key: "name", head: "Name", rowHead: true, cell: ([name]) => <a href={`/lineage?impact=${encodeURIComponent(name)}`} title="What depends on it">{name}</a> },
                  { key: "version", head: "Version", cell: ([, version]) => <span class="mono">{version}</span> },
                ]}
              />
            </>
          )
          : <Empty icon="settings" title="No versions were recorded">Runs of clew's flows record the libraries that their steps use.</Empty>}
      </Card>
      <div class="stack loose">
        {environment.command && <Card title="Command"><Command text={environment.command} /></Card>}
        <Card title="Where">
          <dl class="pairs">
            {([["Host", environment.host], ["Folder", environment.directory], ["Python", environment.python], ["Source", environment.source],
              ["Commit", environment.git?.commit], ["Branch", environment.git?.branch], ["Repository", environment.git?.repository],
              ["Uncommitted", environment.git?.dirty == null ? null : environment.git.dirty ? "yes" : "no"]] as const)
              .filter(([, value]) => value).map(([name, value]) => <><dt>{name}</dt><dd class="mono">{value}</dd></>)}
          </dl>
        </Card>
      </div>
    </div>
  );
}
