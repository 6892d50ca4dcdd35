// Asks where in the log a consumer or a subscription goes on: at the beginning, the end, a time or a position.
import { type ReactNode, useState } from 'react';
import type { Client } from '../../../client/client.ts';
import { LogEndDocument, PositionAtTimeDocument } from '../../../../generated/console/graphql.ts';
import { useSession } from '../../shell/session.ts';
import { FormDialog, RadioFields, TextField } from './form.tsx';

interface MoveDialogProps {
  readonly title: string;
  /** Where it stands. */
  readonly position: string;
  /** What moving does. */
  readonly children: ReactNode;
  readonly onMove: (after: string) => Promise<unknown>;
  readonly onClose: () => void;
}

const places = {
  beginning: { name: 'The beginning of the log', hint: 'Everything that is stored.' },
  end: { name: 'The end of the log', hint: 'Only what is sent from now on.' },
  time: { name: 'A time', hint: 'What was sent from then on.' },
  position: { name: 'A position', hint: 'What comes after it.' },
};
type Place = keyof typeof places;

export function MoveDialog({ title, position, children, onMove, onClose }: MoveDialogProps) {
  const { client } = useSession();
  const [place, setPlace] = useState<Place>('end');
  const [time, setTime] = useState('');
  const [wanted, setWanted] = useState(position);
  const submit = async () => onMove(await positionOf(client, place, time, wanted));
  return (
    <FormDialog title={title} action="Move" onSubmit={submit} onClose={onClose}>
      <RadioFields
        label="Go on after"
        value={place}
        options={places}
        onChange={(chosen) => setPlace(chosen as Place)}
      />
      {place === 'time' && (
        <TextField
          label="Time"
          hint="In your time zone."
          type="datetime-local"
          isRequired
          value={time}
          onChange={setTime}
        />
      )}
      {place === 'position' && (
        <TextField
          label="Position"
          hint={`It stands at ${position}. Events show the positions of their changes.`}
          isRequired
          isCode
          value={wanted}
          onChange={setWanted}
        />
      )}
      <div className="notice">{children}</div>
    </FormDialog>
  );
}

async function positionOf(client: Client, place: Place, time: string, wanted: string): Promise<string> {
  if (place === 'beginning') return '0';
  if (place === 'position') return wanted.trim();
  if (place === 'end') return (await client.query(LogEndDocument, {})).position;
  const before = new Date(time).toISOString();
  // What was sent from then on comes after the last event that was sent before.
  const { events } = await client.query(PositionAtTimeDocument, { before });
  return events.nodes[0]?.history[0]?.position ?? '0';
}
