// What happens now, and what fails.
import { Heading } from '../../base/notice.tsx';

export function Overview() {
  return <Heading title="Overview" />;
}
