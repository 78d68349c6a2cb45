/** Saved views of a page: its filters, columns and charts under a name, for everybody who uses the store. */
import { useState } from "preact/hooks";
import { viewsCreate, viewsDelete, viewsList } from "../../generated/api";
import { invalidate, useQuery } from "../api/query";
import { navigate, usePlace } from "../router";
import { Button, copy } from "./basic";
import { FormDialog } from "./dialog";
import { Item, Menu } from "./menu";
import { attempt } from "./toast";

export const linkOf = (id: string): string => `${location.origin}/v/${id}`;

/** Keep a view under a short id, and copy its address. */
export async function share(address = location.pathname + location.search): Promise<void> {
  const view = await attempt(viewsCreate({ location: address }), "");
  if (view) await copy(linkOf(view.id), "Copied a short link to this view");
}

/** The views of this page: open, save, share, remove. `address` names it with all that it shows. */
export function ViewsMenu({ address = location.pathname + location.search }: { address?: string }) {
  const { path } = usePlace();
  const [saving, save] = useState(false);
  const query = useQuery("views", (signal) => viewsList({ signal }));
  const here = (query.data?.items ?? []).filter((view) => view.location.split("?")[0] === path);
  const current = here.find((view) => view.location === address);
  return (
    <>
      <Menu icon="pin" text={current?.name ?? "Views"} label="Saved views" kind="plain" right>
        {(close) => (
          <div style={{ width: "290px" }}>
            {here.map((view) => (
              <div class="row" key={view.id} style={{ gap: "2px" }}>
                <Item {...(view === current ? { icon: "check" as const } : {})} onClick={() => { close(); navigate(view.location); }}><span class="clip grow">{view.name}</span></Item>
                <Button icon="link" kind="plain small" label={`Copy the link of ${view.name}`} onClick={() => void copy(linkOf(view.id), "Copied the link of this view")} />
                <Button icon="trash" kind="plain small" label={`Remove the view ${view.name}`} onClick={async () => { await attempt(viewsDelete(view.id), "Removed"); invalidate("views"); }} />
              </div>
            ))}
            {!here.length && <p class="small soft" style={{ padding: "4px 9px" }}>None saved for this page. A view keeps filter, order, columns, groups and charts.</p>}
            <hr />
            <Item icon="plus" onClick={() => { close(); save(true); }}>Save this view…</Item>
            <Item icon="link" onClick={() => { close(); void share(address); }}>Copy a short link</Item>
          </div>
        )}
      </Menu>
      {saving && (
        <FormDialog
          title="Save this view"
          action="Save"
          close={() => save(false)}
          submit={async (values) => {
            const view = await attempt(viewsCreate({ location: address, name: String(values.get("name")).trim() }), "Saved");
            invalidate("views");
            return view;
          }}
        >
          <label class="stack tight">Name<input class="field" name="name" required autofocus maxLength={200} /></label>
        </FormDialog>
      )}
    </>
  );
}
