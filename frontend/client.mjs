// Writes generated/api.ts from openapi.json: an interface for each schema and a function for each
// operation. `npm run build`, `check`, `test` and `dev` run it first; what it writes is not kept.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const METHODS = ["get", "post", "put", "patch", "delete"];

/** The TypeScript type of a JSON schema. */
export function typeOf(schema) {
  if (!schema) return "unknown";
  if (schema.$ref) return schema.$ref.split("/").at(-1);
  if ("const" in schema) return JSON.stringify(schema.const);
  if (schema.enum) return union(schema.enum.map((value) => JSON.stringify(value)));
  const either = schema.anyOf ?? schema.oneOf;
  if (either) return union(either.map(typeOf));
  if (Array.isArray(schema.type)) return union(schema.type.map((type) => typeOf({ ...schema, type })));
  switch (schema.type) {
    case "string":
      return "string";
    case "number":
    case "integer":
      return "number";
    case "boolean":
      return "boolean";
    case "null":
      return "null";
    case "array":
      return `${bracketed(typeOf(schema.items))}[]`;
    case "object":
      if (schema.properties) return `{ ${fields(schema).join(" ")} }`;
      return `Record<string, ${typeOf(schema.additionalProperties || undefined)}>`;
    default:
      return "unknown";
  }
}

function union(types) {
  return [...new Set(types)].join(" | ");
}

function bracketed(type) {
  return type.includes(" | ") ? `(${type})` : type;
}

function fields(schema) {
  const required = new Set(schema.required ?? []);
  return Object.entries(schema.properties).map(([name, shape]) => {
    const comment = shape.description ? `/** ${shape.description.replaceAll("*/", "* /")} */ ` : "";
    return `${comment}${property(name)}${required.has(name) ? "" : "?"}: ${typeOf(shape)};`;
  });
}

function property(name) {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name);
}

function declaration(name, schema) {
  const comment = schema.description ? `/** ${schema.description} */\n` : "";
  if (!schema.properties) return `${comment}export type ${name} = ${typeOf(schema)};`;
  return `${comment}export interface ${name} {\n  ${fields(schema).join("\n  ")}\n}`;
}

function camel(id) {
  return id.replace(/[_.](\w)/g, (_, letter) => letter.toUpperCase());
}

function operation(path, method, found) {
  const name = camel(found.operationId);
  const inPath = (found.parameters ?? []).filter((parameter) => parameter.in === "path");
  const inQuery = (found.parameters ?? []).filter((parameter) => parameter.in === "query");
  const body = found.requestBody?.content["application/json"]?.schema;
  const content = Object.entries(found.responses).find(([status]) => status.startsWith("2"))?.[1].content ?? {};
  const json = content["application/json"]?.schema;
  const taken = inPath.map((parameter) => `${camel(parameter.name)}: ${typeOf(parameter.schema)}`);
  if (body) taken.push(`body: ${typeOf(body)}`);
  const needed = inQuery.some((parameter) => parameter.required);
  const query = inQuery.map((p) => `${property(p.name)}${p.required ? "" : "?"}: ${typeOf(p.schema)}`);
  if (inQuery.length) taken.push(`query: { ${query.join("; ")} }${needed ? "" : " = {}"}`);
  const address = inPath.reduce(
    (text, parameter) => text.replace(`{${parameter.name}}`, `\${part(${camel(parameter.name)})}`),
    path,
  );
  const comment = `/** ${found.summary ?? name} */\n`;
  if (!json) {
    return `${comment}export const ${name}Address = (${taken.join(", ")}): string =>\n  address(\`${address}\`${inQuery.length ? ", query" : ""});`;
  }
  const rest = [inQuery.length ? "query" : "undefined", body ? "body" : "undefined", "options"];
  taken.push("options?: Options");
  return `${comment}export const ${name} = (${taken.join(", ")}): Promise<${typeOf(json)}> =>\n  ask("${method.toUpperCase()}", \`${address}\`, ${rest.join(", ")});`;
}

/** The whole module. */
export function generate(document) {
  const parts = [
    "// Made by client.mjs from openapi.json; changes here are lost.",
    'import { address, ask, part, type Options } from "../src/api/ask";',
  ];
  for (const [name, schema] of Object.entries(document.components.schemas)) parts.push(declaration(name, schema));
  for (const [path, methods] of Object.entries(document.paths)) {
    // What other programs use a store by is not the pages' business.
    for (const method of METHODS) if (methods[method] && !methods[method].tags?.includes("store")) parts.push(operation(path, method, methods[method]));
  }
  return parts.join("\n\n") + "\n";
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const here = new URL(".", import.meta.url);
  mkdirSync(new URL("generated", here), { recursive: true });
  writeFileSync(new URL("generated/api.ts", here), generate(JSON.parse(readFileSync(new URL("openapi.json", here)))));
}
