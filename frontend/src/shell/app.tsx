import { sessionGet } from "../../generated/api";
import { refresh, useLive } from "../api/live";
import { useQuery } from "../api/query";
import { Empty } from "../components/basic";
import { Toasts } from "../components/toast";
import { leaveMlflow, match, usePlace } from "../router";
import { Keys } from "./keys";
import { lazy } from "./lazy";
import { Login } from "./login";
import { Page } from "./page";
import { Palette } from "./palette";
import { Side } from "./side";

const ROUTES = [
  ["/", lazy(async () => (await import("../pages/home")).Home)],
  ["/experiments", lazy(async () => (await import("../pages/experiments")).Experiments)],
  ["/e/{id}", lazy(async () => (await import("../pages/runs/page")).Runs)],
  ["/runs", lazy(async () => (await import("../pages/runs/page")).Runs)],
  ["/runs/{id}", lazy(async () => (await import("../pages/run/page")).RunPage)],
  ["/compare", lazy(async () => (await import("../pages/compare/page")).Compare)],
  ["/studies", lazy(async () => (await import("../pages/studies")).Studies)],
  ["/studies/{id}", lazy(async () => (await import("../pages/study/page")).Study)],
  ["/lineage", lazy(async () => (await import("../pages/lineage/page")).Lineage)],
  ["/data", lazy(async () => (await import("../pages/data")).Datasets)],
  ["/data/{name}", lazy(async () => (await import("../pages/data")).Dataset)],
  ["/data/{name}/{digest}", lazy(async () => (await import("../pages/dataset")).DatasetVersionPage)],
  ["/models", lazy(async () => (await import("../pages/models")).Models)],
  ["/models/{name}", lazy(async () => (await import("../pages/model")).Model)],
  ["/models/{name}/{version}/debug", lazy(async () => (await import("../pages/debug")).Debug)],
  ["/models/{name}/{version}", lazy(async () => (await import("../pages/version")).Version)],
  ["/deployments", lazy(async () => (await import("../pages/deployments")).Deployments)],
  ["/deployments/{name}", lazy(async () => (await import("../pages/deployment")).Deployment)],
  ["/predictions", lazy(async () => (await import("../pages/predictions")).Predictions)],
  ["/predictions/{id}", lazy(async () => (await import("../pages/prediction")).Prediction)],
  ["/settings", lazy(async () => (await import("../pages/settings")).SettingsPage)],
  ["/v/{id}", lazy(async () => (await import("../pages/saved")).Saved)],
] as const;

leaveMlflow();

// What the address asks for is fetched while the frame is drawn.
ROUTES.find(([pattern]) => match(pattern, location.pathname))?.[1].preload();

export function App() {
  const session = useQuery("session", (signal) => sessionGet({ signal }));
  if (session.data?.needs_token && !session.data.scopes.length) return <Login />;
  return <Frame />;
}

function Frame() {
  const { path } = usePlace();
  useLive(refresh);
  return (
    <div class="shell">
      <a class="skip" href="#main">Skip to the content</a>
      <Side />
      <Routed path={path} />
      <Palette />
      <Keys />
      <Toasts />
    </div>
  );
}

function Routed({ path }: { path: string }) {
  for (const [pattern, Shown] of ROUTES) {
    const found = match(pattern, path);
    if (found) return <Shown key={pattern + JSON.stringify(found)} {...found} />;
  }
  return (
    <Page crumbs={[{ label: "Not found" }]} title="Not found">
      <Empty icon="search" title="There is no such page">
        <a href="/">Home</a>
      </Empty>
    </Page>
  );
}
