/** Small parts that every page uses. */
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import type { Query } from "../api/query";
import { ago, when } from "../text/format";
import { Icon, type IconName } from "./icon";
import { toast } from "./toast";

export function Chip({ kind = "", dot = false, href, title, children }: {
  kind?: string;
  dot?: boolean;
  href?: string;
  title?: string;
  children: ComponentChildren;
}) {
  const names = `chip ${kind} ${dot ? "dot" : ""}`;
  return href ? <a class={names} href={href} title={title}>{children}</a> : <span class={names} title={title}>{children}</span>;
}

/** The status of a run. */
export function Status({ status }: { status: string }) {
  const kind = { lost: "failed", interrupted: "killed" }[status] ?? status;
  return <Chip kind={kind} dot>{status}</Chip>;
}

/** What a run did about a step. */
export function DecisionChip({ decision, count }: { decision: string; count?: number }) {
  return <Chip kind={decision} dot>{count === undefined ? "" : `${count} `}{decision}</Chip>;
}

/** A time, relative; exact on hover and for readers. */
export function Time({ ms }: { ms: number | null }) {
  if (!ms) return <span class="faint">–</span>;
  return <time dateTime={new Date(ms).toISOString()} title={when(ms)}>{ago(ms)}</time>;
}

export function Button({ icon, kind = "", label, children, ...rest }: {
  icon?: IconName;
  kind?: string;
  /** Needed where there is no text. */
  label?: string;
  children?: ComponentChildren;
  onClick?: (event: MouseEvent) => void;
  disabled?: boolean;
  pressed?: boolean;
  expanded?: boolean;
  type?: "button" | "submit";
}) {
  const { pressed, expanded, type = "button", ...others } = rest;
  return (
    <button
      type={type}
      class={`button ${kind} ${children ? "" : "icon"}`}
      aria-label={label}
      title={label}
      aria-pressed={pressed}
      aria-expanded={expanded}
      {...others}
    >
      {icon && <Icon name={icon} />}
      {children}
    </button>
  );
}

export async function copy(text: string, what = "Copied"): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    toast(what, "good");
  } catch {
    toast("This browser did not let the text be copied.", "bad");
  }
}

/** A command line to copy, or a line of Python. */
export function Command({ text, python = false }: { text: string; python?: boolean }) {
  return (
    <div class={`command ${python ? "python" : ""}`}>
      <code tabIndex={0}>{text}</code>
      <Button icon="copy" kind="plain small" label="Copy the command" onClick={() => void copy(text)} />
    </div>
  );
}

/** An id that copies itself. */
export function IdChip({ id, shown = id }: { id: string; shown?: string }) {
  const [done, setDone] = useState(false);
  const clicked = async () => {
    await copy(id, "Copied the id");
    setDone(true);
    setTimeout(() => setDone(false), 1200);
  };
  return (
    <button type="button" class="chip mono" style={{ border: 0, cursor: "pointer" }} title={`Copy ${id}`} onClick={() => void clicked()}>
      {shown} <Icon name={done ? "check" : "copy"} size={12} />
    </button>
  );
}

/** A page or part without content: says why and what to do next. */
export function Empty({ icon, title, children, command }: {
  icon: IconName;
  title: string;
  children?: ComponentChildren;
  command?: string;
}) {
  return (
    <div class="empty">
      <div class="mark"><Icon name={icon} size={20} /></div>
      <h2>{title}</h2>
      {children && <p>{children}</p>}
      {command && <Command text={command} />}
    </div>
  );
}

export function Skeleton({ height = 16, width = "100%", count = 1 }: { height?: number; width?: string; count?: number }) {
  return (
    <div class="stack" aria-hidden="true">
      {Array.from({ length: count }, () => <div class="skeleton" style={{ height: `${height}px`, width }} />)}
    </div>
  );
}

/** A request that failed: what, and what to do. */
export function Failure({ error, retry }: { error: NonNullable<Query<unknown>["error"]>; retry?: () => void }) {
  return (
    <div class="notice bad" role="alert">
      <Icon name="warn" />
      <div class="grow">
        <strong>{error.message}</strong>
        {error.got && <div>Given: <code>{error.got}</code></div>}
        {error.expected && <div>Expected: {error.expected}</div>}
        {error.hint && <div>{error.hint}</div>}
      </div>
      {retry && <Button kind="small" onClick={retry}>Try again</Button>}
    </div>
  );
}

/** Content that is being asked for: skeleton, failure, or what `children` makes of the answer. */
export function Loaded<Answer>({ query, children, rows = 6 }: {
  query: Query<Answer>;
  children: (data: Answer) => ComponentChildren;
  rows?: number;
}) {
  if (query.data !== undefined) {
    return (
      <>
        {query.error && <Failure error={query.error} retry={query.reload} />}
        {children(query.data)}
      </>
    );
  }
  if (query.error) return <Failure error={query.error} retry={query.reload} />;
  return (
    <div role="status">
      <span class="visually-hidden">Loading</span>
      <Skeleton height={22} count={rows} />
    </div>
  );
}

export function Card({ title, count, end, children, flush = false }: {
  title?: ComponentChildren;
  count?: number | string;
  end?: ComponentChildren;
  children: ComponentChildren;
  flush?: boolean;
}) {
  return (
    <section class="card">
      {title && (
        <header>
          <h2>{title} {count !== undefined && <span class="count">{count}</span>}</h2>
          {end && <div class="end row">{end}</div>}
        </header>
      )}
      {flush ? children : <div class="body">{children}</div>}
    </section>
  );
}
