// SPDX-License-Identifier: Apache-2.0
//
// validate.mjs FILE.json...: each file is a list of Kubernetes objects. Two
// looks at every object, both from the published API definitions: the compiled
// schema (types, required fields, formats), and the type checker, which also
// refuses fields that do not exist, as the API server does with
// fieldValidation=Strict. Prints "FILE: Kind/name: sentence"; exit 1 when there
// is something.
import fs from "node:fs";
import path from "node:path";
import ts from "typescript";

const MODULES = {
  "external-secrets.io": "@kubernetes-models/external-secrets",
  "monitoring.coreos.com": "@kubernetes-models/prometheus-operator",
};

function moduleOf(object) {
  const group = object.apiVersion.includes("/")
    ? object.apiVersion.split("/")[0] : "";
  const base = MODULES[group] ?? "kubernetes-models";
  return `${base}/${object.apiVersion}/${object.kind}`;
}

// An import per kind and a constant per object; the object stands on a line of
// its own, so that a complaint's line says which one it is about.
function sourceOf(objects) {
  const kinds = [...new Set(objects.map(moduleOf))];
  const lines = kinds.map((name, n) => {
    const kind = name.split("/").at(-1);
    return `import type {I${kind} as K${n}} from ${JSON.stringify(name)};`;
  });
  for (const [n, object] of objects.entries()) {
    lines.push(`export const o${n}: K${kinds.indexOf(moduleOf(object))} = ` +
        `${JSON.stringify(object)};`);
  }
  return { text: lines.join("\n"), first: kinds.length };
}

function checkTypes(files) {
  const sources = new Map();
  for (const [file, objects] of files) {
    sources.set(path.resolve(`${path.basename(file)}.mts`), {
      file, objects, ...sourceOf(objects),
    });
  }
  const options = {
    module: ts.ModuleKind.Node16, moduleResolution: ts.ModuleResolutionKind
      .Node16, target: ts.ScriptTarget.ES2022, strict: true, noEmit: true,
    skipLibCheck: true, types: [],
  };
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile, getSourceFile } = host;
  host.fileExists = (name) => sources.has(name) || fileExists(name);
  host.readFile = (name) => sources.get(name)?.text ?? readFile(name);
  host.getSourceFile = (name, language) => sources.has(name)
    ? ts.createSourceFile(name, sources.get(name).text, language)
    : getSourceFile.call(host, name, language);
  const program = ts.createProgram([...sources.keys()], options, host);
  const found = [];
  for (const problem of ts.getPreEmitDiagnostics(program)) {
    const text = ts.flattenDiagnosticMessageText(problem.messageText, " ");
    const source = sources.get(problem.file?.fileName);
    if (source === undefined) {
      found.push(text);
      continue;
    }
    const { line } = problem.file.getLineAndCharacterOfPosition(problem.start);
    const object = source.objects[line - source.first];
    found.push(`${source.file}: ` + (object === undefined ? text
      : `${object.kind}/${object.metadata.name}: ${text}`));
  }
  return found;
}

async function checkSchema(file, object) {
  const where = `${file}: ${object.kind}/${object.metadata?.name}`;
  let module;
  try {
    module = await import(moduleOf(object));
  } catch {
    return [`${where}: there is no ${object.kind} in ${object.apiVersion}`];
  }
  try {
    new module[object.kind](object).validate();
  } catch (error) {
    return [`${where}: ${error.message}`];
  }
  return [];
}

const files = process.argv.slice(2).map((file) =>
  [file, JSON.parse(fs.readFileSync(file, "utf8"))]);
const found = [];
for (const [file, objects] of files) {
  for (const object of objects) {
    found.push(...await checkSchema(file, object));
  }
}
found.push(...checkTypes(files));
found.forEach((sentence) => console.log(sentence));
process.exit(found.length > 0 ? 1 : 0);
