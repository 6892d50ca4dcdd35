// The problems of an editor's text below it, each with the button that mends it.
import { placeText, type Problem } from './problems.ts';

interface ProblemListProps {
  readonly text: string;
  readonly problems: readonly Problem[];
  readonly onFix: (text: string) => void;
}

const shownProblems = 5;

export function ProblemList({ text, problems, onFix }: ProblemListProps) {
  return (
    <div role="status" className="editor-problems">
      {problems.slice(0, shownProblems).map(({ from, to, message, fix }) => (
        <p key={`${from} ${message}`}>
          <span className="editor-place">{placeText(text, from)}:</span> {message}{' '}
          {fix && (
            <button
              type="button"
              className="link"
              onClick={() => onFix(text.slice(0, from) + fix.text + text.slice(to))}
            >
              {fix.label}
            </button>
          )}
        </p>
      ))}
      {problems.length > shownProblems && <p>{problems.length - shownProblems} more</p>}
    </div>
  );
}
