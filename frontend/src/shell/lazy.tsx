/** Pages are loaded when they are first opened. */
import type { ComponentChild, ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Failure, Skeleton } from "../components/basic";
import { Refused } from "../api/ask";
import { Page } from "./page";

export type PageProps = Record<string, string>;

export interface LazyPage extends ComponentTypeOf {
  /** Load it before it is drawn. */
  preload: () => void;
}

type ComponentTypeOf = (props: PageProps) => ComponentChild;

export function lazy(fetched: () => Promise<ComponentType<any>>): LazyPage {
  let ready: ComponentType<any> | undefined;
  let loading: Promise<ComponentType<any>> | undefined;
  const load = () => (loading ??= fetched());
  function Lazy(props: PageProps) {
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
  }
  return Object.assign(Lazy, { preload: () => void load().catch(() => (loading = undefined)) });
}
