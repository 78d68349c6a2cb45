/** Its content is made when it first comes near the view: charts ask for nothing before. */
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

export function WhenVisible({ height, children }: { height: number; children: () => ComponentChildren }) {
  const place = useRef<HTMLDivElement>(null);
  const [seen, see] = useState(false);
  useEffect(() => {
    if (seen || !place.current) return;
    const observer = new IntersectionObserver(([entry]) => entry?.isIntersecting && see(true), { rootMargin: "120px" });
    observer.observe(place.current);
    return () => observer.disconnect();
  }, [seen]);
  return <div ref={place} style={{ minHeight: `${height}px` }}>{seen ? children() : null}</div>;
}
