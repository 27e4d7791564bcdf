import { useEffect, useId, useRef } from 'react';
import type { FieldError, GatewayError } from './gateway.ts';
import { WriteNotice } from './notices.tsx';

const fields = [
  { name: 'name', label: 'Name', hint: 'What the persona is called in Bluejay.', rows: 1 },
  { name: 'description', label: 'Who is calling', hint: 'Who they are and how they talk.', rows: 3 },
  { name: 'goal', label: 'What they want', hint: 'What they want to reach in the call.', rows: 2 },
] as const;

export type Texts = Record<(typeof fields)[number]['name'], string>;

interface PersonaFormProps {
  readonly initial: Texts;
  /** Fields that are empty because they could not be read. */
  readonly missing?: ReadonlySet<string>;
  readonly error: GatewayError | null;
  readonly isPending: boolean;
  readonly cancelHref: string;
  readonly onSubmit: (texts: Texts) => void;
}

/** What Bluejay has against a field is said at the field. */
export function PersonaForm(props: PersonaFormProps) {
  const { initial, missing, error, isPending, cancelHref, onSubmit } = props;
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => {
    // A disabled or busy form keeps its focus; a refused one goes to the first field that is wrong.
    form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
  }, [error]);

  const fieldErrors = error?.extensions.fieldErrors ?? [];
  const isAllAtFields = fieldErrors.length > 0 && fieldErrors.every((fieldError) => fieldOf(fieldError));
  return (
    <form
      ref={form}
      aria-busy={isPending}
      onSubmit={(event) => {
        event.preventDefault();
        if (!isPending) onSubmit(readTexts(new FormData(event.currentTarget)));
      }}
    >
      {fields.map((field) => (
        <Field
          key={field.name}
          {...field}
          value={initial[field.name]}
          isMissing={missing?.has(field.name) === true}
          error={fieldErrors.find((fieldError) => fieldOf(fieldError) === field.name)?.message}
        />
      ))}
      <WriteNotice error={isAllAtFields ? null : error} />
      <div className="bar">
        <button type="submit" className="primary" aria-disabled={isPending}>
          {isPending ? 'Saving …' : 'Save'}
        </button>
        <a className="button" href={cancelHref}>
          Cancel
        </a>
      </div>
    </form>
  );
}

/** The field that a path such as `["input", "name"]` is about. */
function fieldOf({ path: [argument, name] }: FieldError): string | undefined {
  return argument === 'input' ? fields.find((field) => field.name === name)?.name : undefined;
}

function readTexts(data: FormData): Texts {
  const text = (name: keyof Texts) => {
    const value = data.get(name);
    return typeof value === 'string' ? value : '';
  };
  return { name: text('name'), description: text('description'), goal: text('goal') };
}

interface FieldProps {
  readonly name: string;
  readonly label: string;
  readonly hint: string;
  readonly rows: number;
  readonly value: string;
  readonly isMissing: boolean;
  readonly error: string | undefined;
}

function Field({ name, label, hint, rows, value, isMissing, error }: FieldProps) {
  const id = useId();
  const input = {
    id,
    name,
    defaultValue: value,
    'aria-invalid': error !== undefined,
    'aria-describedby': `${id}-error ${id}-hint`,
  };
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {rows === 1 ? <input autoComplete="off" {...input} /> : <textarea rows={rows} {...input} />}
      <p id={`${id}-error`} className="field-error" role="alert">
        {error}
      </p>
      <p id={`${id}-hint`} className={isMissing ? 'missing' : 'hint'}>
        {isMissing ? 'Could not be read: it stays as it is unless you write something.' : hint}
      </p>
    </div>
  );
}
