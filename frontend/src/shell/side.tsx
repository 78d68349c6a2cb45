import { Icon, type IconName } from "../components/icon";
import { usePlace } from "../router";

interface Entry {
  href: string;
  label: string;
  icon: IconName;
  /** Paths that belong to it. */
  under: RegExp;
}

export const PLACES: Entry[] = [
  { href: "/", label: "Home", icon: "home", under: /^\/$/ },
  { href: "/experiments", label: "Experiments", icon: "experiments", under: /^\/(experiments|e|runs|compare)(\/|$)/ },
  { href: "/studies", label: "Studies", icon: "studies", under: /^\/studies/ },
  { href: "/lineage", label: "Lineage", icon: "lineage", under: /^\/lineage/ },
  { href: "/data", label: "Data", icon: "data", under: /^\/data/ },
  { href: "/models", label: "Models", icon: "models", under: /^\/models/ },
  { href: "/deployments", label: "Deployments", icon: "deployments", under: /^\/deployments/ },
  { href: "/predictions", label: "Predictions", icon: "predictions", under: /^\/predictions/ },
  { href: "/settings", label: "Settings", icon: "settings", under: /^\/settings/ },
];

export function Side() {
  const { path } = usePlace();
  return (
    <nav class="side" aria-label="Main">
      <a class="brand" href="/" aria-label="clew, home"><img src="/clew.svg" alt="" /><span>clew</span></a>
      {PLACES.map((entry) => (
        <a class="side-link" key={entry.href} href={entry.href} title={entry.label} aria-current={entry.under.test(path) ? "page" : undefined}>
          <Icon name={entry.icon} /><span>{entry.label}</span>
        </a>
      ))}
      <div class="side-foot"><kbd>?</kbd> keys</div>
    </nav>
  );
}
