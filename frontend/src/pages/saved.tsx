/** A short link: goes on to the view that it stands for. */
import { useEffect } from "preact/hooks";
import { viewsGet } from "../../generated/api";
import { useQuery } from "../api/query";
import { Loaded } from "../components/basic";
import { navigate } from "../router";
import { Page } from "../shell/page";

export function Saved({ id }: { id: string }) {
  const query = useQuery(`view/${id}`, (signal) => viewsGet(id, { signal }));
  const location = query.data?.location;
  useEffect(() => {
    if (location?.startsWith("/") && !location.startsWith("//")) navigate(location, { replace: true });
  }, [location]);
  return <Page crumbs={[{ label: "Saved view" }]} title="Saved view"><Loaded query={query}>{() => null}</Loaded></Page>;
}
