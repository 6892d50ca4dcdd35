// The gateways, the database, and the limits in force.
import { Heading } from '../../base/notice.tsx';

export function System() {
  return <Heading title="System" />;
}
