// The fixed limits of this version, as its reference has them.
import { useQuery } from '@tanstack/react-query';
import { useAddress } from '../../base/address.ts';
import { TextField } from '../../base/form/form.tsx';
import { ErrorNotice } from '../../base/notice.tsx';
import { Panel, Table } from '../../base/panel.tsx';
import { limitsOf } from './limits-page.ts';

export function Limits() {
  const [{ limit = '' }, change] = useAddress();
  const { data, error } = useQuery({ queryKey: ['limits'], queryFn: readLimits, staleTime: Infinity });
  const words = limit.toLowerCase().split(/\s+/).filter(Boolean);
  const shown = (data ?? []).filter(({ name, meaning }) => {
    const text = `${name} ${meaning}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
  return (
    <Panel
      title="Limits"
      hint="The fixed bounds of this version. What a deployment sets by environment variables is not among them."
    >
      <div className="toolbar">
        <TextField
          label="Search limits"
          placeholder="payload"
          value={limit}
          onChange={(text) => change({ limit: text || undefined })}
        />
      </div>
      <ErrorNotice error={error} />
      {data && shown.length === 0 && <p className="none">No limit has these words.</p>}
      {shown.length > 0 && (
        <Table label="Limits" columns={['Limit', '#Value', 'Meaning']}>
          {shown.map(({ name, value, meaning }) => (
            <tr key={name}>
              <td>
                <code>{name}</code>
              </td>
              <td className="number">{value}</td>
              <td>{meaning}</td>
            </tr>
          ))}
        </Table>
      )}
    </Panel>
  );
}

/** The page is part of the build, and loaded with the first look at it. */
async function readLimits() {
  const page = await import('../../../../docs/reference/limits.md?raw');
  return limitsOf(page.default);
}
