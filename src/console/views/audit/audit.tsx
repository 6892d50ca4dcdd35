// Who changed what.
import { Heading } from '../../base/notice.tsx';

export function Audit() {
  return <Heading title="Audit" />;
}
