// Forms: labelled fields, and a dialog that sends what was entered.
import { type FormEvent, type ReactNode, useId, useState } from 'react';
import { Dialog } from '../dialog.tsx';
import { ErrorNotice } from '../notice.tsx';
import './form.css';

interface FieldProps {
  readonly label: string;
  readonly hint?: ReactNode;
  readonly value: string;
  readonly onChange: (value: string) => void;
}

interface TextFieldProps extends FieldProps {
  readonly type?: 'text' | 'number' | 'password' | 'datetime-local';
  readonly isRequired?: boolean;
  readonly placeholder?: string;
  /** Code is shown in the font of code. */
  readonly isCode?: boolean;
  /** More than one: a text of several lines. */
  readonly lines?: number;
  /** Values to choose from, besides any other. */
  readonly suggestions?: readonly string[];
}

export function TextField(props: TextFieldProps) {
  const { label, hint, value, onChange, type = 'text', isRequired, placeholder, isCode, lines = 1 } = props;
  const id = useId();
  const shared = {
    id,
    value,
    placeholder,
    required: isRequired,
    spellCheck: false,
    autoComplete: 'off',
    className: isCode ? 'code' : undefined,
    'aria-describedby': hint ? `${id}-hint` : undefined,
    onChange: (event: { target: { value: string } }) => onChange(event.target.value),
  };
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {lines > 1 ? (
        <textarea rows={lines} {...shared} />
      ) : (
        <input type={type} step="any" list={props.suggestions && `${id}-list`} {...shared} />
      )}
      {props.suggestions && (
        <datalist id={`${id}-list`}>
          {props.suggestions.map((suggestion) => (
            <option key={suggestion} value={suggestion} />
          ))}
        </datalist>
      )}
      {hint && (
        <span id={`${id}-hint`} className="field-hint">
          {hint}
        </span>
      )}
    </div>
  );
}

interface SelectFieldProps extends FieldProps {
  /** Values with what they are called. */
  readonly options: Readonly<Record<string, string>>;
}

export function SelectField({ label, hint, value, onChange, options }: SelectFieldProps) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <select
        id={id}
        value={value}
        aria-describedby={hint ? `${id}-hint` : undefined}
        onChange={(event) => onChange(event.target.value)}
      >
        {Object.entries(options).map(([option, name]) => (
          <option key={option} value={option}>
            {name}
          </option>
        ))}
      </select>
      {hint && (
        <span id={`${id}-hint`} className="field-hint">
          {hint}
        </span>
      )}
    </div>
  );
}

export function CheckField({
  label,
  hint,
  isChecked,
  onChange,
}: {
  label: ReactNode;
  hint?: ReactNode;
  isChecked: boolean;
  onChange: (isChecked: boolean) => void;
}) {
  return (
    <label className="check">
      <input type="checkbox" checked={isChecked} onChange={(event) => onChange(event.target.checked)} />
      <span>
        {label}
        {hint && <span className="field-hint">{hint}</span>}
      </span>
    </label>
  );
}

/** One of a few, all of them in view. */
export function RadioFields({
  label,
  value,
  options,
  onChange,
}: {
  label: string;
  value: string;
  /** Values with what they are called and what they mean. */
  options: Readonly<Record<string, { readonly name: string; readonly hint?: string }>>;
  onChange: (value: string) => void;
}) {
  const group = useId();
  return (
    <fieldset className="choices is-radio">
      <legend>{label}</legend>
      {Object.entries(options).map(([option, { name, hint }]) => (
        <label key={option} className="check">
          <input type="radio" name={group} checked={value === option} onChange={() => onChange(option)} />
          <span>
            {name}
            {hint && <span className="field-hint">{hint}</span>}
          </span>
        </label>
      ))}
    </fieldset>
  );
}

interface FormDialogProps {
  readonly title: string;
  readonly action: string;
  readonly isDangerous?: boolean;
  readonly isWide?: boolean;
  readonly isDisabled?: boolean;
  readonly children: ReactNode;
  /** The dialog closes when it resolves, and shows why it rejects. */
  readonly onSubmit: () => Promise<unknown>;
  readonly onClose: () => void;
}

export function FormDialog(props: FormDialogProps) {
  const {
    title,
    action,
    isDangerous,
    isWide = false,
    isDisabled = false,
    children,
    onSubmit,
    onClose,
  } = props;
  const [error, setError] = useState<unknown>(null);
  const [isRunning, setRunning] = useState(false);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setRunning(true);
    setError(null);
    try {
      await onSubmit();
      onClose();
    } catch (failure) {
      setError(failure);
      setRunning(false);
    }
  };
  return (
    <Dialog title={title} onClose={onClose} wide={isWide}>
      <form className="fields" onSubmit={(event) => void submit(event)}>
        {children}
        <ErrorNotice error={error} />
        <div className="actions">
          <button type="button" onClick={onClose}>
            Cancel
          </button>
          <button className={isDangerous ? 'danger' : 'primary'} disabled={isRunning || isDisabled}>
            {isRunning ? 'Working…' : action}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

/** The items of a text, separated by commas or line ends. */
export function itemsOf(text: string): readonly string[] {
  const items = text.split(/[,\n]/).map((item) => item.trim());
  return items.filter((item) => item !== '');
}

/** Undefined where nothing was entered. */
export function itemsOrNone(text: string): readonly string[] | undefined {
  const items = itemsOf(text);
  return items.length === 0 ? undefined : items;
}
