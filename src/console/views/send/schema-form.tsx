// A form for a payload, made from the JSON Schema of its topic.
import { type ReactNode, useEffect, useId, useState } from 'react';
import type { Mismatch } from '../../base/json/schema-problem.ts';
import { type Field, type Property, replaced } from './schema.ts';

interface SchemaFormProps {
  readonly properties: readonly Property[];
  readonly value: unknown;
  readonly onChange: (value: unknown) => void;
  readonly mismatches: readonly Mismatch[];
  /** Where the properties are in the event: `payload`, and the keys below it. */
  readonly path: readonly string[];
}

export function SchemaForm({ properties, value, onChange, mismatches, path }: SchemaFormProps) {
  return (
    <div className="fields">
      {properties.map((property) => (
        <PropertyField
          key={property.name}
          property={property}
          value={(value as Record<string, unknown> | null)?.[property.name]}
          onChange={(next) => onChange(replaced(value, [property.name], next))}
          mismatches={mismatches}
          path={[...path, property.name]}
        />
      ))}
    </div>
  );
}

interface PropertyFieldProps {
  readonly property: Property;
  readonly value: unknown;
  readonly onChange: (value: unknown) => void;
  readonly mismatches: readonly Mismatch[];
  readonly path: readonly string[];
}

function PropertyField({ property, value, onChange, mismatches, path }: PropertyFieldProps) {
  const { title, help, isRequired, field } = property;
  const wrong = mismatches.filter((mismatch) => isAt(mismatch, path, field.kind === 'json'));
  const id = useId();
  const described = `${id}-help`;
  const name = (
    <>
      {title}
      {isRequired && <span className="required"> required</span>}
    </>
  );
  const notes = (
    <span id={described}>
      {help && <span className="hint">{help}</span>}
      {wrong.map(({ message, path: at }) => (
        <span key={message} className="field-error">
          {[...at.slice(path.length), message].join(' ')}
        </span>
      ))}
    </span>
  );
  if (field.kind === 'object')
    return (
      <fieldset>
        <legend>{name}</legend>
        {notes}
        <SchemaForm {...{ properties: field.properties, value, onChange, mismatches, path }} />
      </fieldset>
    );
  const attributes: InputAttributes = { id, 'aria-describedby': described, 'aria-invalid': wrong.length > 0 };
  return (
    <div className="field">
      <label htmlFor={id}>{name}</label>
      <Input field={field} value={value} onChange={onChange} attributes={attributes} />
      {notes}
    </div>
  );
}

/** `isWhole`: also of what is within it, since that has no field of its own. */
function isAt(mismatch: Mismatch, path: readonly string[], isWhole: boolean): boolean {
  const isSameLength = mismatch.path.length === path.length;
  return (isSameLength || isWhole) && path.every((key, index) => mismatch.path[index] === key);
}

interface InputAttributes {
  readonly id: string;
  readonly 'aria-describedby': string;
  readonly 'aria-invalid': boolean;
}

interface InputProps<Kind extends Field['kind']> {
  readonly field: Extract<Field, { kind: Kind }>;
  readonly value: unknown;
  readonly onChange: (value: unknown) => void;
  readonly attributes: InputAttributes;
}

/** An empty field leaves its property out. */
function Input({
  field,
  value,
  onChange,
  attributes,
}: InputProps<Exclude<Field['kind'], 'object'>>): ReactNode {
  if (field.kind === 'boolean')
    return (
      <ChoiceInput {...{ field: { kind: 'choice', values: [true, false] }, value, onChange, attributes }} />
    );
  if (field.kind === 'choice') return <ChoiceInput {...{ field, value, onChange, attributes }} />;
  if (field.kind === 'number') return <NumberInput {...{ field, value, onChange, attributes }} />;
  if (field.kind === 'json') return <JsonInput {...{ field, value, onChange, attributes }} />;
  return (
    <input
      {...attributes}
      type={field.type}
      value={typeof value === 'string' ? value : ''}
      onChange={({ target }) => onChange(target.value === '' ? undefined : target.value)}
    />
  );
}

function ChoiceInput({ field: { values }, value, onChange, attributes }: InputProps<'choice'>) {
  const texts = values.map((choice) => JSON.stringify(choice));
  const current = value === undefined ? '' : JSON.stringify(value);
  return (
    <select
      {...attributes}
      value={texts.includes(current) ? current : ''}
      onChange={({ target }) => onChange(target.value === '' ? undefined : JSON.parse(target.value))}
    >
      <option value="">–</option>
      {values.map((choice, index) => (
        <option key={texts[index]} value={texts[index]}>
          {typeof choice === 'string' ? choice : texts[index]}
        </option>
      ))}
    </select>
  );
}

function NumberInput({ field, value, onChange, attributes }: InputProps<'number'>) {
  const { step, min, max } = field;
  return (
    <input
      {...attributes}
      type="number"
      {...{ step, min, max }}
      value={typeof value === 'number' ? value : ''}
      onChange={({ target }) => onChange(target.value === '' ? undefined : target.valueAsNumber)}
    />
  );
}

/** What is not JSON yet is not sent: the field says so. */
function JsonInput({ value, onChange, attributes }: InputProps<'json'>) {
  const [text, setText] = useState(() => textOf(value));
  const [isWrong, setWrong] = useState(false);
  useEffect(() => {
    // Changed from elsewhere, such as by a recent payload.
    setText((before) => (valueOf(before)?.text === JSON.stringify(value) ? before : textOf(value)));
  }, [value]);
  const change = (next: string) => {
    setText(next);
    if (next.trim() === '') {
      setWrong(false);
      return onChange(undefined);
    }
    const read = valueOf(next);
    setWrong(read === null);
    if (read) onChange(read.value);
  };
  return (
    <>
      <textarea
        {...attributes}
        aria-invalid={isWrong || attributes['aria-invalid']}
        className="json-field"
        rows={Math.min(12, Math.max(2, text.split('\n').length))}
        spellCheck={false}
        placeholder="JSON"
        value={text}
        onChange={({ target }) => change(target.value)}
      />
      {isWrong && <span className="field-error">This is not JSON; the last valid value is kept.</span>}
    </>
  );
}

function textOf(value: unknown): string {
  return value === undefined ? '' : JSON.stringify(value, null, 2);
}

function valueOf(text: string): { value: unknown; text: string } | null {
  try {
    const value: unknown = JSON.parse(text);
    return { value, text: JSON.stringify(value) };
  } catch {
    return null;
  }
}
