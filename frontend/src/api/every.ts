import { useEffect } from "preact/hooks";

/** Do something every so often while the page is looked at. */
export function useEvery(everyMs: number, act: () => unknown): void {
  useEffect(() => {
    const timer = setInterval(() => !document.hidden && act(), everyMs);
    return () => clearInterval(timer);
  }, [act]);
}
