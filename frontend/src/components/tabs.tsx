/** Tabs whose choice stands in the URL (`?tab=`). */
import type { ComponentChildren } from "preact";
import { useQueryPart } from "../router";

export interface Tab {
  id: string;
  label: string;
  count?: number | undefined;
  content: () => ComponentChildren;
}

export function Tabs({ tabs, part = "tab" }: { tabs: Tab[]; part?: string }) {
  const [chosen, choose] = useQueryPart(part, tabs[0]?.id ?? "");
  const current = tabs.find((tab) => tab.id === chosen) ?? tabs[0];
  if (!current) return null;
  const moved = (event: KeyboardEvent) => {
    const step = { ArrowRight: 1, ArrowLeft: -1, Home: -Infinity, End: Infinity }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const index = tabs.indexOf(current);
    const wanted = Number.isFinite(step) ? (index + step + tabs.length) % tabs.length : step < 0 ? 0 : tabs.length - 1;
    choose(tabs[wanted]!.id);
    requestAnimationFrame(() => document.getElementById(`${part}-${tabs[wanted]!.id}`)?.focus());
  };
  return (
    <div>
      <div class="tabs" role="tablist" onKeyDown={moved}>
        {tabs.map((tab) => (
          <button
            type="button"
            role="tab"
            class="tab"
            id={`${part}-${tab.id}`}
            key={tab.id}
            aria-selected={tab === current}
            aria-controls={`${part}-panel`}
            tabIndex={tab === current ? 0 : -1}
            onClick={() => choose(tab.id)}
          >
            {tab.label}
            {tab.count !== undefined && <span class="count">{tab.count}</span>}
          </button>
        ))}
      </div>
      <div role="tabpanel" id={`${part}-panel`} aria-labelledby={`${part}-${current.id}`} key={current.id}>
        {current.content()}
      </div>
    </div>
  );
}
