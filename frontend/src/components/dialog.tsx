/** A modal dialog: the browser's own, which keeps the focus inside and closes on Escape. */
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { Button } from "./basic";

export function Dialog({ title, close, children, kind = "" }: {
  title: string;
  close: () => void;
  children: ComponentChildren;
  kind?: string;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
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

/** A dialog with a form; `submit` closes it. */
export function FormDialog({ title, action, danger = false, close, submit, children }: {
  title: string;
  action: string;
  danger?: boolean;
  close: () => void;
  submit: (values: FormData) => void | Promise<void>;
  children: ComponentChildren;
}) {
  const submitted = async (event: SubmitEvent) => {
    event.preventDefault();
    await submit(new FormData(event.target as HTMLFormElement));
    close();
  };
  return (
    <Dialog title={title} close={close}>
      <form onSubmit={(event) => void submitted(event as SubmitEvent)}>
        <h2>{title}</h2>
        {children}
        <footer>
          <Button onClick={close}>Cancel</Button>
          <Button type="submit" kind={danger ? "danger" : "primary"}>{action}</Button>
        </footer>
      </form>
    </Dialog>
  );
}
