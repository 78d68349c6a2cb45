import { lineageSearch } from "../../../generated/api";
import { useQuery } from "../../api/query";
import { Chip, Empty, Failure } from "../../components/basic";
import { SearchField } from "../../components/search";
import { setQuery, useQueryPart } from "../../router";

/** Finds nodes, values, files and models; choosing one makes it the focus. */
export function Search({ compact = false }: { compact?: boolean }) {
  const [text, setText] = useQueryPart("q");
  const query = useQuery(text ? `lineage-search/${text}` : null, (signal) => lineageSearch({ q: text, limit: 40 }, { signal }));
  const choose = (kind: string, id: string) => setQuery(kind === "file" ? { impact: id, q: null } : { focus: id, at: null, to: null, q: null, impact: null }, { replace: false });
  const found = query.data?.items ?? [];
  return (
    <div class={compact ? "menu-place" : "stack"} style={compact ? { width: "200px" } : {}}>
      <SearchField label="Find in the graph" placeholder="Step, file, value, id…" value={text} onChange={setText} />
      {text && (query.error
        ? <Failure error={query.error} />
        : query.data && (
          <div class={compact ? "menu" : "card"} style={compact ? { top: "36px", width: "420px" } : { padding: "6px" }}>
            {!found.length && <Empty icon="search" title="Nothing found" />}
            <ul class="outline">
              {found.map((match) => (
                <li key={match.kind + match.id}>
                  <button type="button" onClick={() => choose(match.kind, match.id)}>
                    <Chip>{match.kind}</Chip><span class="clip">{match.label}</span><span class="clip faint small grow">{match.detail}</span>
                  </button>
                </li>
              ))}
            </ul>
          </div>
        ))}
    </div>
  );
}
