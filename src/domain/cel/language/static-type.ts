// Static types of the parts of a CEL filter, as far as they are known without an event.
import { typeNames } from './compile.ts';
import { signatures } from './signatures.ts';
import type { TypeName } from '../functions/extension.ts';
import { isSubjectName, subjectNames } from '../subject.ts';
import type { CallNode, Node } from './tree.ts';
import { typeName } from '../functions/value.ts';

/** `dyn` if the type is unknown; otherwise with its article, for messages. */
export type StaticType = 'bool' | 'dyn' | `a${string}` | 'null' | 'bytes';

export function staticType(node: Node): StaticType {
  switch (node.kind) {
    case 'literal':
      return withArticle(typeName(node.value));
    case 'name':
      return typeOfName(node.name.replace(/^\./, ''));
    case 'has':
    case 'and':
    case 'or':
      return 'bool';
    case 'list':
      return 'a list';
    case 'map':
      return 'a map';
    case 'macro':
      return node.macro === 'map' || node.macro === 'sortBy' ? 'a list' : 'bool';
    case 'call':
      return typeOfCall(node);
    default:
      return 'dyn';
  }
}

/** A macro variable may hide the name, but is never the whole filter. */
function typeOfName(name: string): StaticType {
  if (typeNames.has(name)) return 'a type';
  if (!isSubjectName(name)) return 'dyn';
  const { holds } = subjectNames[name];
  if (holds === 'map') return 'a map';
  return holds === 'time' ? 'a timestamp' : 'a string';
}

function typeOfCall({ name, target }: CallNode): StaticType {
  if (/^_([<>=!]=?|[<>])_$|^@in$|^!_$|^_==_$|^_!=_$/.test(name)) return 'bool';
  if (/^_[-+*/%]_$|^-_$/.test(name)) return 'a number or a text';
  const qualified = target?.kind === 'name' ? `${target.name}.${name}` : name;
  const results = (signatures.get(qualified) ?? signatures.get(name) ?? []).map(({ result }) => result);
  return results.length > 0 && results.every((result) => result === results[0])
    ? withArticle(results[0]!)
    : 'dyn';
}

export function withArticle(type: string): StaticType {
  const short = type.replace(/^google\.protobuf\./, '').toLowerCase();
  if (short === 'bool' || short === 'dyn' || short === 'null' || short === 'bytes') return short;
  return `${/^[aeio]/.test(short) ? 'an' : 'a'} ${short}`;
}

/** Whether a value of the type may be accepted as the other type. */
export function isOfType(type: StaticType, asked: TypeName): boolean {
  if (type === 'dyn' || asked === 'dyn') return true;
  if (type === 'a number or a text') return asked !== 'bool';
  if (asked === 'number') return type === 'an int' || type === 'a uint' || type === 'a double';
  return type === withArticle(asked);
}
