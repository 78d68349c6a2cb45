/** The URL holds all state of a view: path and query, read by hooks, changed by `navigate`. */
import { useEffect, useState } from "preact/hooks";

export interface Place {
  path: string;
  query: URLSearchParams;
}

const listeners = new Set<() => void>();

export function here(): Place {
  return { path: location.pathname, query: new URLSearchParams(location.search) };
}

/** Go to a place of this application; the page is not loaded again. */
export function navigate(href: string, options: { replace?: boolean } = {}): void {
  const target = new URL(href, location.href);
  if (target.pathname + target.search + target.hash === location.pathname + location.search + location.hash) return;
  const samePath = target.pathname === location.pathname;
  history[options.replace ? "replaceState" : "pushState"](null, "", target);
  if (!samePath) document.getElementById("main")?.scrollTo(0, 0);
  for (const listener of [...listeners]) listener();
}

/** Change parts of the query; null, "" and undefined remove a part. */
export function setQuery(
  changes: Record<string, string | null | undefined>,
  options: { replace?: boolean } = { replace: true },
): void {
  navigate(withQuery(changes), options);
}

/** The present address with parts of its query changed. */
export function withQuery(changes: Record<string, string | null | undefined>): string {
  const query = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null || value === undefined || value === "") query.delete(name);
    else query.set(name, value);
  }
  // Commas and colons are common in our values and legal in a query: keep links readable.
  const text = query.toString().replaceAll("%2C", ",").replaceAll("%3A", ":").replaceAll("%2F", "/");
  return location.pathname + (text ? "?" + text : "");
}

export function usePlace(): Place {
  const [place, setPlace] = useState(here);
  useEffect(() => {
    const changed = () => setPlace(here());
    listeners.add(changed);
    changed();
    return () => void listeners.delete(changed);
  }, []);
  return place;
}

/** One part of the query, with a setter. */
export function useQueryPart(name: string, fallback = ""): [string, (value: string) => void] {
  const { query } = usePlace();
  return [query.get(name) ?? fallback, (value) => setQuery({ [name]: value === fallback ? null : value })];
}

/** Match `/runs/{id}` against a path; segments are decoded. `{rest*}` takes what is left. */
export function match(pattern: string, path: string): Record<string, string> | null {
  const wanted = pattern.split("/").filter(Boolean);
  const given = path.split("/").filter(Boolean);
  const found: Record<string, string> = {};
  for (const [index, part] of wanted.entries()) {
    const rest = /^\{(\w+)\*\}$/.exec(part);
    if (rest) {
      found[rest[1]!] = given.slice(index).map(decoded).join("/");
      return found;
    }
    const text = given[index];
    if (text === undefined) return null;
    const name = /^\{(\w+)\}$/.exec(part);
    if (name) found[name[1]!] = decoded(text);
    else if (part !== text) return null;
  }
  return wanted.length === given.length ? found : null;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/**
 * The page that an address of MLflow's web page stands for. Its clients print them after every run
 * ("View run … at: http://…/#/experiments/1/runs/…"), and they are in notebooks and chats.
 */
export function fromMlflow(hash: string): string | null {
  const path = hash.replace(/^#/, "").split("?")[0]!;
  const kinds: [string, (found: Record<string, string>) => string][] = [
    ["/experiments/{id}/runs/{run}/{rest*}", ({ run }) => `/runs/${run}`],
    ["/experiments/{id}/models/{model}/{rest*}", ({ model }) => `/lineage?focus=${model}`],
    ["/experiments/{id}/{rest*}", ({ id }) => `/e/${id}`],
    ["/experiments", () => "/experiments"],
    ["/models/{name}/versions/{version}", ({ name, version }) => `/models/${encodeURIComponent(name!)}/${version}`],
    ["/models/{name}", ({ name }) => `/models/${encodeURIComponent(name!)}`],
    ["/models", () => "/models"],
  ];
  for (const [pattern, to] of kinds) {
    const found = match(pattern, path);
    if (found) return to(found);
  }
  return null;
}

/** Leave an address of MLflow's for our own, before anything is drawn. */
export function leaveMlflow(): void {
  const target = fromMlflow(location.hash);
  if (target) history.replaceState(null, "", target);
}

/** Follow plain links inside the application without loading the page again. */
export function followLinks(): void {
  addEventListener("popstate", () => {
    leaveMlflow();
    for (const listener of [...listeners]) listener();
  });
  document.addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = (event.target as Element | null)?.closest?.("a[href]");
    if (!(link instanceof HTMLAnchorElement) || link.target || link.hasAttribute("download")) return;
    if (link.origin !== location.origin || link.pathname.startsWith("/api/")) return;
    event.preventDefault();
    navigate(link.href);
  });
}
