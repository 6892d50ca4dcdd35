// The catalogue of topics.
import { Heading } from '../../base/notice.tsx';

export function Topics() {
  return <Heading title="Topics" />;
}
