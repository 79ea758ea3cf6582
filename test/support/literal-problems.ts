import { join } from 'node:path';
import ts from 'typescript';

/** A value, and the type that it is to have, as TypeScript that is written in this folder. */
export interface TypedLiteral {
  readonly type: string;
  readonly value: unknown;
}

/**
 * What types have against values: members that they do not know, that are missing, and that are of another type.
 * TypeScript's checker judges the values as literals, which is strict at every depth.
 * @param imports a line of TypeScript
 * @returns a line for each problem, `NAME: …`
 */
export function literalProblems(imports: string, literals: Readonly<Record<string, TypedLiteral>>): string[] {
  const names = Object.keys(literals);
  const declarations = Object.values(literals).map(
    ({ type, value }, index) => `export const literal${index}: ${type} = ${JSON.stringify(value)};`,
  );
  const source = [imports, ...declarations].join('\n');
  const file = join(import.meta.dirname, 'literals-to-check.ts');
  const options: ts.CompilerOptions = {
    strict: true,
    noEmit: true,
    allowImportingTsExtensions: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: true,
    types: [],
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    target: ts.ScriptTarget.ESNext,
  };
  const disk = ts.createCompilerHost(options);
  const host: ts.CompilerHost = {
    ...disk,
    getSourceFile: (name, ...rest) =>
      name === file
        ? ts.createSourceFile(name, source, ts.ScriptTarget.ESNext)
        : disk.getSourceFile(name, ...rest),
  };
  const program = ts.createProgram([file], options, host);
  return ts.getPreEmitDiagnostics(program).map(({ start = 0, messageText }) => {
    const line = source.slice(0, start).split('\n').length - 1;
    return `${names[line - 1] ?? '?'}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
  });
}
