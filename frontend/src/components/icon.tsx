/** The icons, drawn here: 16 by 16, in the colour of the text. */
const PATHS = {
  home: "M2.5 7.2 8 2.7l5.5 4.5V13.2h-3.7V9.5H6.2v3.7H2.5z",
  experiments: "M6 2.5h4M6.7 2.5v4L3 12.3c-.5.8 0 1.7 1 1.7h8c1 0 1.5-.9 1-1.7L9.3 6.5v-4M5 10h6",
  studies: "M2.5 13.5h11M4 11V8M7 11V4.5M10 11V6.5M13 11V3",
  lineage: "M4 4.5a1.5 1.5 0 1 0 0-.01M4 13a1.5 1.5 0 1 0 0-.01M12 8.7a1.5 1.5 0 1 0 0-.01M5.5 4c3 0 2.5 4.6 5 4.6M5.5 12.5c3 0 2.5-3.9 5-3.9",
  data: "M3 4c0-1.1 2.2-2 5-2s5 .9 5 2-2.2 2-5 2-5-.9-5-2zM3 4v8c0 1.1 2.2 2 5 2s5-.9 5-2V4M3 8c0 1.1 2.2 2 5 2s5-.9 5-2",
  models: "M8 1.8 13.5 5v6L8 14.2 2.5 11V5zM2.5 5 8 8.2 13.5 5M8 8.2v6",
  deployments: "M8 2v7.5M4.8 5 8 1.8 11.2 5M2.5 9.5v4h11v-4M5 11.6h.01",
  predictions: "M2.5 3h11v7.5h-6L4.5 13v-2.5h-2zM5.2 6.7l1.8 1.8 3.6-3.4",
  settings: "M2.5 4.5h6M12 4.5h1.5M2.5 11.5H4M7.5 11.5h6M10.2 6.2a1.7 1.7 0 1 0 0-3.4 1.7 1.7 0 0 0 0 3.4zM5.7 13.2a1.7 1.7 0 1 0 0-3.4 1.7 1.7 0 0 0 0 3.4z",
  search: "M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10zM10.7 10.7l3.3 3.3",
  sun: "M8 10.8a2.8 2.8 0 1 0 0-5.6 2.8 2.8 0 0 0 0 5.6zM8 1.5v1.3M8 13.2v1.3M1.5 8h1.3M13.2 8h1.3M3.4 3.4l.9.9M11.7 11.7l.9.9M3.4 12.6l.9-.9M11.7 4.3l.9-.9",
  moon: "M13.5 9.3A5.7 5.7 0 0 1 6.7 2.5a5.7 5.7 0 1 0 6.8 6.8z",
  system: "M2 3h12v8H2zM5.5 13.5h5M8 11v2.5",
  close: "M4 4l8 8M12 4l-8 8",
  check: "M3 8.5l3.3 3.3L13 5",
  copy: "M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3",
  columns: "M2.5 3h11v10h-11zM6.2 3v10M9.8 3v10",
  download: "M8 2.5v8M4.8 7.5 8 10.7l3.2-3.2M2.5 13.5h11",
  chart: "M2.5 2.5v11h11M5 10.5l2.7-3.5 2.3 2 3-4.5",
  link: "M6.7 9.3a2.6 2.6 0 0 0 3.7 0l2.3-2.3a2.6 2.6 0 0 0-3.7-3.7l-.8.8M9.3 6.7a2.6 2.6 0 0 0-3.7 0L3.3 9a2.6 2.6 0 0 0 3.7 3.7l.8-.8",
  folder: "M1.8 4h4.2l1.5 1.6h6.7v7.4H1.8z",
  file: "M4 1.8h5L12.5 5.3v8.9H4zM9 1.8v3.5h3.5",
  up: "M4 9.5 8 5.5l4 4",
  down: "M4 6.5l4 4 4-4",
  right: "M6.5 4l4 4-4 4",
  plus: "M8 3v10M3 8h10",
  minus: "M3 8h10",
  fit: "M2.5 6V2.5H6M10 2.5h3.5V6M13.5 10v3.5H10M6 13.5H2.5V10",
  tag: "M2.5 2.5h5l6 6-5 5-6-6zM5.5 5.5h.01",
  trash: "M2.5 4.5h11M6 4.5V2.5h4v2M4 4.5l.6 9h6.8l.6-9",
  compare: "M6 2.5v11M10 2.5v11M2.5 5h3.5M10 11h3.5",
  edit: "M10.5 2.8l2.7 2.7-7.7 7.7-3.2.5.5-3.2z",
  group: "M2.5 3.5h11M4.5 8h9M6.5 12.5h7",
  pin: "M5 2.5h6M6 2.5v4l-2 2.5h8l-2-2.5v-4M8 9v4.5",
  terminal: "M2 3h12v10H2zM4.5 6l2 2-2 2M8 10.2h3",
  restore: "M3 8a5 5 0 1 1 1.5 3.5M3 12V8.7h3.3",
  warn: "M8 2 14.5 13.5h-13zM8 6.5v3.3M8 11.7h.01",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 16 16" fill="none" stroke="currentColor" stroke-width="1.4" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" class="icon">
      <path d={PATHS[name]} />
    </svg>
  );
}
