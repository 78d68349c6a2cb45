/** Pages are loaded when they are first opened. */
import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Failure, Skeleton } from "../components/basic";
import { Refused } from "../api/ask";
import { Page } from "./page";

export type PageProps = Record<string, string>;

export function lazy(load: () => Promise<ComponentType<any>>): ComponentType<PageProps> {
  let ready: ComponentType<any> | undefined;
  return function Lazy(props: PageProps) {
    const [Shown, show] = useState(() => ready);
    const [failed, fail] = useState(false);
    useEffect(() => {
      if (ready) return;
      load().then(
        (page) => {
          ready = page;
          show(() => page);
        },
        () => fail(true),
      );
    }, []);
    if (Shown) return <Shown {...props} />;
    return (
      <Page crumbs={[]} title="…">
        {failed
          ? <Failure error={new Refused(0, "Outdated", "This page could not be loaded.", null, null, "The server may have been updated meanwhile.")} retry={() => location.reload()} />
          : <Skeleton height={22} count={8} />}
      </Page>
    );
  };
}
