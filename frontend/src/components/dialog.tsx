/** A modal dialog: the browser's own, which keeps the focus inside and closes on Escape. */
import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { Button } from "./basic";

export function Dialog({ title, close, children, kind = "" }: {
  title: string;
  close: () => void;
  children: ComponentChildren;
  kind?: string;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  // Before it is painted: what is typed right after the key that opened it goes into it.
  useLayoutEffect(() => {
    const before = document.activeElement;
    dialog.current?.showModal();
    return () => {
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  return (
    <dialog
      ref={dialog}
      class={kind}
      aria-label={title}
      onClose={close}
      onPointerDown={(event) => event.target === dialog.current && close()}
    >
      {children}
    </dialog>
  );
}

/** A dialog with a form; `submit` closes it, unless what it did was refused (undefined or false). */
export function FormDialog({ title, action, danger = false, close, submit, children }: {
  title: string;
  action: string;
  danger?: boolean;
  close: () => void;
  submit: (values: FormData) => unknown;
  children?: ComponentChildren;
}) {
  const [busy, setBusy] = useState(false);
  const submitted = async (event: SubmitEvent) => {
    event.preventDefault();
    setBusy(true);
    const done = await submit(new FormData(event.target as HTMLFormElement));
    setBusy(false);
    if (done) close();
  };
  return (
    <Dialog title={title} close={close}>
      <form onSubmit={(event) => void submitted(event as SubmitEvent)}>
        <h2>{title}</h2>
        {children}
        <footer>
          <Button onClick={close}>Cancel</Button>
          <Button type="submit" kind={danger ? "danger" : "primary"} disabled={busy}>{action}</Button>
        </footer>
      </form>
    </Dialog>
  );
}

/** A change that the trail keeps with its reason. */
export function ReasonDialog({ title, action, danger = false, close, submit, children }: {
  title: string;
  action: string;
  danger?: boolean;
  close: () => void;
  submit: (reason: string, values: FormData) => unknown;
  children?: ComponentChildren;
}) {
  return (
    <FormDialog title={title} action={action} danger={danger} close={close} submit={(values) => submit(String(values.get("reason")).trim(), values)}>
      {children}
      <label class="stack tight">Why (it stands in the trail)<textarea class="field" name="reason" rows={3} /></label>
    </FormDialog>
  );
}

/** A dialog with one name to change. */
export function RenameDialog({ title, name, close, submit }: { title: string; name: string; close: () => void; submit: (name: string) => unknown }) {
  return (
    <FormDialog title={title} action="Rename" close={close} submit={(values) => submit(String(values.get("name")).trim())}>
      <label class="stack tight">Name<input class="field" name="name" defaultValue={name} required autofocus /></label>
    </FormDialog>
  );
}
