/** A field that filters what is shown; it changes the URL shortly after the last key. */
import { useEffect, useRef, useState } from "preact/hooks";
import { Icon } from "./icon";

export function SearchField({ label, placeholder, value, onChange, invalid = false, now = false }: {
  label: string;
  placeholder: string;
  value: string;
  onChange: (value: string) => void;
  invalid?: boolean;
  /** Only on Enter and when the field is left: for queries that are wrong while being typed. */
  now?: boolean;
}) {
  const [draft, setDraft] = useState(value);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined as never);
  useEffect(() => setDraft(value), [value]);
  const done = (text: string) => {
    clearTimeout(timer.current);
    if (text !== value) onChange(text);
  };
  return (
    <div class="filter-box">
      <Icon name="search" />
      <input
        class="field"
        type="search"
        aria-label={label}
        placeholder={placeholder}
        value={draft}
        aria-invalid={invalid}
        data-filter
        autocomplete="off"
        spellcheck={false}
        onInput={(event) => {
          const text = event.currentTarget.value;
          setDraft(text);
          clearTimeout(timer.current);
          if (!now) timer.current = setTimeout(() => done(text), 200);
        }}
        onKeyDown={(event) => {
          if (event.key === "Enter") done(event.currentTarget.value);
          if (event.key === "Escape") event.currentTarget.blur();
        }}
        onBlur={(event) => done(event.currentTarget.value)}
      />
    </div>
  );
}
