import { useLayoutEffect, useRef, useState } from "preact/hooks";

/** A reference to an element, and its width in pixels as it changes. */
export function useWidth<E extends HTMLElement>(first = 800) {
  const place = useRef<E>(null);
  const [width, setWidth] = useState(first);
  useLayoutEffect(() => {
    if (!place.current) return;
    const measure = () => setWidth(Math.max(200, Math.floor(place.current!.clientWidth)));
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(place.current);
    return () => observer.disconnect();
  }, []);
  return [place, width] as const;
}
