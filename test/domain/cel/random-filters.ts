// Random CEL filters over the random events of the conditions' tests.
import fc from 'fast-check';

const key = fc.constantFrom('.v', '.w', '["0"]', '["a b"]', '["ü"]', '["__proto__"]', '.__proto__');
const path = fc
  .tuple(fc.constantFrom('data', 'summary', '.data'), fc.array(key, { minLength: 1, maxLength: 2 }))
  .map(([root, keys]) => root + keys.join(''));
const text = fc
  .constantFrom(
    '',
    'a',
    'A',
    'b',
    'ab',
    '%',
    '_',
    '\\',
    '"',
    'ü',
    '\uffee',
    '\ud7ff',
    '😀',
    '😀a',
    '1',
    'null',
    'x',
    'v',
    '0',
    'a_b',
  )
  .map((value) => JSON.stringify(value));
const number = fc.constantFrom(
  ...['0', '1', '1u', '1.0', '1.5', '-1', '0.1', '-0.0', '1e21', '5e-324', '1.7976931348623157e308'],
  ...['9007199254740991', '9007199254740992.0', '9007199254740992', '9007199254740994u', '9007199254740996'],
  ...['9007199254740993', '-9223372036854775808', '18446744073709551615u', '1000000000000000000000.0'],
);
const literal = fc.oneof(text, number, fc.constantFrom('true', 'false', 'null'));
const name = fc.constantFrom('event_type', 'topic', 'project', 'user', 'sender', 'status', 'request_id');
const nameLiteral = fc.oneof(
  text,
  fc.constantFrom('null', '1', '"FAILED"', '"PENDING"', '"pending"', '"x"', '"x"', '"a"', '"Ü"'),
);
const moment = fc.constantFrom(
  ...[
    '2025-01-01T00:00:00Z',
    '2025-01-01T00:00:00.001Z',
    '2025-01-01T00:00:00.0005Z',
    '2025-01-01T01:00:01+01:00',
  ],
);
const order = fc.constantFrom('==', '!=', '<', '<=', '>', '>=', '==', '!=');
const list = (item: fc.Arbitrary<string>) =>
  fc.array(item, { maxLength: 4 }).map((items) => `[${items.join(', ')}]`);
const method = fc.constantFrom('startsWith', 'endsWith', 'contains');

function eitherWay(place: fc.Arbitrary<string>, value: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc
    .tuple(place, order, value, fc.boolean())
    .map(([left, sign, right, turned]) => (turned ? `${right} ${sign} ${left}` : `${left} ${sign} ${right}`));
}

const simple: fc.Arbitrary<string> = fc.oneof(
  { arbitrary: eitherWay(path, literal), weight: 4 },
  { arbitrary: eitherWay(name, nameLiteral), weight: 3 },
  eitherWay(
    fc.constant('created_at'),
    moment.map((at) => `timestamp("${at}")`),
  ),
  eitherWay(path, path),
  fc.tuple(path, list(literal)).map(([place, values]) => `${place} in ${values}`),
  fc.tuple(name, list(nameLiteral)).map(([place, values]) => `${place} in ${values}`),
  fc.tuple(literal, path).map(([value, place]) => `${value} in ${place}`),
  fc.tuple(fc.oneof(path, name), method, text).map(([place, call, value]) => `${place}.${call}(${value})`),
  path.filter((place) => !place.endsWith(']')).map((place) => `has(${place})`),
  path,
  fc.tuple(path, literal).map(([place, value]) => `${place}.exists(x, x == ${value})`),
  fc.tuple(path, literal).map(([place, value]) => `${place}.all(data, data != ${value})`),
  fc.tuple(path, literal).map(([place, value]) => `${place}[0] == ${value}`),
  fc.tuple(path, number).map(([place, value]) => `size(${place}) >= ${value}`),
  fc.tuple(path, number).map(([place, value]) => `${place} + ${value} > 0`),
  fc.constantFrom('true', 'false'),
);

export const anyFilter: fc.Arbitrary<string> = fc.letrec<{ filter: string }>((tie) => ({
  filter: fc.oneof(
    { depthSize: 'small', maxDepth: 3 },
    { arbitrary: simple, weight: 4 },
    fc.tuple(tie('filter'), tie('filter')).map(([a, b]) => `(${a}) && (${b})`),
    fc.tuple(tie('filter'), tie('filter')).map(([a, b]) => `(${a}) || (${b})`),
    tie('filter').map((inner) => `!(${inner})`),
    fc.tuple(tie('filter'), tie('filter'), tie('filter')).map(([a, b, c]) => `(${a}) ? (${b}) : (${c})`),
  ),
})).filter;
