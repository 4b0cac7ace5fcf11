/**
 * Marks what the sources declare `private`, for the bundle: `gnatlet build` shortens names that carry the mark, and no others.
 *
 * The compiler says which name is which, so that two classes may use one name, one of them for everybody to see. Nobody outside of
 * its class can have used what is marked, be it a plugin of somebody else.
 */
import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import {
  type BindingElement,
  type ElementAccessExpression,
  type Node,
  type PropertyAccessExpression,
  type SourceFile,
  SyntaxKind,
} from 'typescript/unstable/ast';
import { API, type Checker, type Project, type Symbol as TypeScriptSymbol } from 'typescript/unstable/sync';
import { PRIVATE_MARK } from './build/private-mark.ts';

const FOLDERS = /^(bin|kernel|protocols|plugins|storage-drivers)\//;
const MEMBERS = new Set<SyntaxKind>([
  SyntaxKind.PropertyDeclaration,
  SyntaxKind.MethodDeclaration,
  SyntaxKind.GetAccessor,
  SyntaxKind.SetAccessor,
]);

interface Edit {
  readonly at: number;
  readonly insert: string;
}

/** By path, the text of each source file in which something is private, with the marks. */
export function markedSources(root: string): ReadonlyMap<string, string> {
  const api = new API({ cwd: root });
  try {
    const configuration = join(root, 'bin', 'tsconfig.bundle.json');
    const project = api.updateSnapshot({ openProject: configuration }).getProject(configuration);
    if (project === undefined) throw new Error(`the compiler does not open ${configuration}`);
    return new Map(project.program.getSourceFileNames().flatMap((path) => marked(path, root, project)));
  } finally {
    api.close();
  }
}

/** What is private in a file is used in that file alone. */
function marked(path: string, root: string, project: Project): [path: string, text: string][] {
  if (!FOLDERS.test(relative(root, path)) || !readFileSync(path, 'utf8').includes('private ')) return [];
  const source = project.program.getSourceFile(path);
  if (source === undefined) throw new Error(`the compiler does not read ${path}`);
  return [[path, applied(source.text, new Marks(source, project).edits())]];
}

class Marks {
  private readonly source: SourceFile;
  private readonly project: Project;
  private readonly checker: Checker;
  /** All names that are private somewhere in the file. */
  private readonly words = new Set<string>();
  private readonly found: Edit[] = [];

  constructor(source: SourceFile, project: Project) {
    this.source = source;
    this.project = project;
    this.checker = project.checker;
  }

  edits(): readonly Edit[] {
    const nodes = nodesIn(this.source);
    for (const member of nodes.filter(isPrivateMember)) {
      this.words.add(textOf(member.name));
      this.markEnd(member.name);
    }
    this.accesses(nodes.filter((node) => node.kind === SyntaxKind.PropertyAccessExpression));
    for (const node of nodes) {
      if (node.kind === SyntaxKind.BindingElement) this.binding(node as BindingElement);
      if (node.kind === SyntaxKind.ElementAccessExpression) this.refuseText(node as ElementAccessExpression);
    }
    return this.found;
  }

  /** All at once, as each question goes to another process. */
  private accesses(nodes: readonly Node[]): void {
    const names = nodes.map((node) => (node as PropertyAccessExpression).name as Node);
    const possible = names.filter((name) => this.words.has(textOf(name)));
    const symbols = possible.length === 0 ? [] : this.checker.getSymbolAtLocation(possible);
    for (const [at, name] of possible.entries()) if (this.isPrivate(symbols[at])) this.markEnd(name);
  }

  /** `const { queue, limit: most } = this;` */
  private binding({ parent, propertyName, name }: BindingElement): void {
    const taken = propertyName ?? name;
    if (taken === undefined || parent.kind !== SyntaxKind.ObjectBindingPattern || !this.words.has(textOf(taken)))
      return;
    const type = this.checker.getTypeAtLocation(parent);
    const whole = type === undefined ? undefined : (this.checker.getApparentType(type) ?? type);
    if (whole === undefined || !this.isPrivate(this.checker.getPropertyOfType(whole, textOf(taken)))) return;
    if (propertyName !== undefined) this.markEnd(taken);
    else this.found.push({ at: taken.end - textOf(taken).length, insert: `${textOf(taken)}${PRIVATE_MARK}: ` });
  }

  /** What is reached by its name as text would be missed. */
  private refuseText({ argumentExpression }: ElementAccessExpression): void {
    if (argumentExpression.kind !== SyntaxKind.StringLiteral) return;
    if (!this.isPrivate(this.checker.getSymbolAtLocation(argumentExpression))) return;
    throw new Error(`${this.source.fileName}: ${textOf(argumentExpression)} is private; write it with a dot`);
  }

  private isPrivate(symbol: TypeScriptSymbol | undefined): boolean {
    return (symbol?.declarations ?? []).some((handle) => {
      const declaration = handle.resolve(this.project);
      return declaration !== undefined && isPrivateMember(declaration);
    });
  }

  private markEnd(name: Node): void {
    this.found.push({ at: name.end, insert: PRIVATE_MARK });
  }
}

type PrivateMember = Node & { readonly name: Node };

function isPrivateMember(node: Node): node is PrivateMember {
  if (!MEMBERS.has(node.kind)) return false;
  const { modifiers = [] } = node as Node & { readonly modifiers?: Iterable<Node> };
  return [...modifiers].some(({ kind }) => kind === SyntaxKind.PrivateKeyword);
}

function textOf(node: Node): string {
  return (node as Node & { readonly text?: string }).text ?? '';
}

function nodesIn(source: SourceFile): readonly Node[] {
  const nodes: Node[] = [];
  const visit = (node: Node): void => {
    nodes.push(node);
    node.forEachChild(visit);
  };
  visit(source);
  return nodes;
}

function applied(text: string, edits: readonly Edit[]): string {
  let result = '';
  let done = 0;
  for (const { at, insert } of edits.toSorted((one, other) => one.at - other.at)) {
    result += text.slice(done, at) + insert;
    done = at;
  }
  return result + text.slice(done);
}
