/** A button with a panel below it; Escape and a click elsewhere close it. */
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { Button } from "./basic";
import { Icon, type IconName } from "./icon";

export function Menu({ icon, text, label, kind = "", right = false, children }: {
  icon?: IconName;
  text?: ComponentChildren;
  label: string;
  kind?: string;
  right?: boolean;
  children: (close: () => void) => ComponentChildren;
}) {
  const [open, setOpen] = useState(false);
  const place = useRef<HTMLDivElement>(null);
  const close = () => {
    setOpen(false);
    place.current?.querySelector("button")?.focus();
  };
  useEffect(() => {
    if (!open) return;
    const outside = (event: Event) => {
      if (!place.current?.contains(event.target as Node)) setOpen(false);
    };
    document.addEventListener("pointerdown", outside);
    place.current?.querySelector<HTMLElement>(".menu input, .menu button, .menu a")?.focus();
    return () => document.removeEventListener("pointerdown", outside);
  }, [open]);
  const pressed = (event: KeyboardEvent) => {
    if (event.key === "Escape" && open) {
      event.stopPropagation();
      close();
    }
    if (open && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      const items = [...(place.current?.querySelectorAll<HTMLElement>(".menu .item, .menu input") ?? [])];
      const at = items.indexOf(document.activeElement as HTMLElement);
      event.preventDefault();
      items[(at + (event.key === "ArrowDown" ? 1 : -1) + items.length) % items.length]?.focus();
    }
  };
  return (
    <div class="menu-place" ref={place} onKeyDown={pressed}>
      {text === undefined
        ? <Button icon={icon ?? "down"} kind={kind} label={label} expanded={open} onClick={() => setOpen(!open)} />
        : <Button kind={kind} expanded={open} onClick={() => setOpen(!open)} {...(icon ? { icon } : {})}>{text}<Icon name="down" size={12} /></Button>}
      {open && <div class={`menu ${right ? "right" : ""}`}>{children(close)}</div>}
    </div>
  );
}

export function Item({ icon, danger = false, href, onClick, children }: {
  icon?: IconName;
  danger?: boolean;
  href?: string;
  onClick?: () => void;
  children: ComponentChildren;
}) {
  const content = <>{icon && <Icon name={icon} size={14} />}{children}</>;
  const names = `item ${danger ? "danger" : ""}`;
  return href
    ? <a class={names} href={href} onClick={onClick}>{content}</a>
    : <button type="button" class={names} onClick={onClick}>{content}</button>;
}
