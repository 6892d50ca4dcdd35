// Where a request is looked up.
import { Heading } from '../../base/notice.tsx';

export function Chains() {
  return <Heading title="Chains" />;
}
