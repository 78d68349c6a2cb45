/** The frame of a page: breadcrumbs above, title and actions, content. */
import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import { useIsLive } from "../api/live";
import { Button } from "../components/basic";
import { Icon } from "../components/icon";
import { setTheme, useTheme, type Theme } from "../theme";
import { openPalette } from "./palette";

export interface Crumb {
  label: string;
  href?: string;
}

const NEXT: Record<Theme, Theme> = { system: "light", light: "dark", dark: "system" };

export function Page({ crumbs, title, heading, lead, actions, flush = false, children }: {
  crumbs: Crumb[];
  /** Of the document. */
  title: string;
  /** Above the content; nothing for none. */
  heading?: ComponentChildren;
  lead?: ComponentChildren;
  actions?: ComponentChildren;
  flush?: boolean;
  children: ComponentChildren;
}) {
  useEffect(() => {
    document.title = `${title} · clew`;
  }, [title]);
  return (
    <>
      <header class="top">
        <nav aria-label="Breadcrumbs" class="grow">
          <ol class="crumbs">
            {crumbs.map((crumb, index) => (
              <li key={index}>
                {crumb.href
                  ? <a class="clip" href={crumb.href}>{crumb.label}</a>
                  : <span class="clip" aria-current="page">{crumb.label}</span>}
              </li>
            ))}
          </ol>
        </nav>
        <LiveDot />
        <button type="button" class="search-button" onClick={openPalette}>
          <Icon name="search" size={14} /> Search or go to… <kbd>{isMac() ? "⌘K" : "Ctrl K"}</kbd>
        </button>
        <ThemeButton />
      </header>
      <main class={`main ${flush ? "flush" : ""}`} id="main" tabIndex={-1}>
        {heading && (
          <div class="page-head">
            <div class="titles">
              <h1>{heading}</h1>
              {lead && <p>{lead}</p>}
            </div>
            {actions && <div class="actions">{actions}</div>}
          </div>
        )}
        {children}
      </main>
    </>
  );
}

function LiveDot() {
  const live = useIsLive();
  const text = live ? "Live: changes show as they happen" : "Not live: changes show when the page is loaded again";
  return <span class={`live-dot ${live ? "on" : ""}`} role="img" aria-label={text} title={text} />;
}

function ThemeButton() {
  const { theme } = useTheme();
  const icon = ({ system: "system", light: "sun", dark: "moon" } as const)[theme];
  return <Button icon={icon} kind="plain" label={`Theme: ${theme}. Change it`} onClick={() => setTheme(NEXT[theme])} />;
}

export function isMac(): boolean {
  return /mac|iphone|ipad/i.test(navigator.platform);
}
