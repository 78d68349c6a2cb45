import { useEffect } from "preact/hooks";

/** Do something every so often while the page is looked at; null: never. */
export function useEvery(everyMs: number | null, act: () => unknown): void {
  useEffect(() => {
    if (everyMs === null) return;
    const timer = setInterval(() => !document.hidden && act(), everyMs);
    return () => clearInterval(timer);
  }, [act, everyMs]);
}
