/** Answers by key, kept while pages come and go, and asked for again when something changed. */
import { useEffect, useReducer, useRef } from "preact/hooks";
import { Refused } from "./ask";

export interface Query<Answer> {
  data: Answer | undefined;
  error: Refused | undefined;
  /** Nothing to show yet. */
  loading: boolean;
  /** What is shown belongs to an earlier question, or is being asked for again. */
  stale: boolean;
  reload: () => void;
}

interface Entry {
  data?: unknown;
  error?: Refused;
  at: number;
}

const KEPT = 60;
const FRESH_MS = 4000;
const answers = new Map<string, Entry>();
const watchers = new Set<{ key: string; reload: () => void }>();

/** Ask again for all that is shown whose key begins with one of these. */
export function invalidate(...prefixes: string[]): void {
  for (const key of answers.keys()) if (prefixes.some((prefix) => key.startsWith(prefix))) answers.get(key)!.at = 0;
  for (const watcher of [...watchers]) {
    if (prefixes.some((prefix) => watcher.key.startsWith(prefix))) watcher.reload();
  }
}

/** Ask when `key` changes; null asks nothing. The last answer stays until the next one is there. */
export function useQuery<Answer>(key: string | null, load: (signal: AbortSignal) => Promise<Answer>): Query<Answer> {
  const [, again] = useReducer((count: number) => count + 1, 0);
  const asked = key === null ? 0 : (reloads.get(key) ?? 0);
  const shown = useRef<{ key: string | null; entry: Entry | undefined }>({ key: null, entry: undefined });
  const asking = useRef(load);
  asking.current = load;

  useEffect(() => {
    if (key === null) return;
    const kept = answers.get(key);
    if (kept?.data !== undefined && Date.now() - kept.at < FRESH_MS) {
      again(0);
      return watch(key, again);
    }
    const controller = new AbortController();
    asking.current(controller.signal).then(
      (data) => keep(key, { data, at: Date.now() }),
      (error) => {
        if (controller.signal.aborted) return;
        const refused = error instanceof Refused ? error : new Refused(0, "Error", String(error?.message ?? error));
        keep(key, { ...(kept?.data === undefined ? {} : { data: kept.data }), error: refused, at: 0 });
      },
    ).finally(() => {
      if (!controller.signal.aborted) again(0);
    });
    const stop = watch(key, again);
    return () => {
      controller.abort();
      stop();
    };
  }, [key, asked]);

  const entry = key === null ? undefined : answers.get(key);
  if (entry) shown.current = { key, entry };
  const seen = shown.current.entry;
  const current = shown.current.key === key;
  return {
    data: key === null ? undefined : (seen?.data as Answer | undefined),
    error: current ? seen?.error : undefined,
    loading: key !== null && seen?.data === undefined && !(current && seen?.error),
    stale: key !== null && (!current || seen?.at === 0),
    reload: () => key !== null && invalidate(key),
  };
}

// Reloads are counted by key, so that drawing an answer does not ask for it again.
const reloads = new Map<string, number>();

function watch(key: string, again: (action: number) => void): () => void {
  const watcher = {
    key,
    reload: () => {
      reloads.set(key, (reloads.get(key) ?? 0) + 1);
      again(0);
    },
  };
  watchers.add(watcher);
  return () => void watchers.delete(watcher);
}

function keep(key: string, entry: Entry): void {
  answers.delete(key);
  answers.set(key, entry);
  for (const oldest of answers.keys()) {
    if (answers.size <= KEPT) break;
    answers.delete(oldest);
  }
}

/** For tests: forget every answer. */
export function forget(): void {
  answers.clear();
}
