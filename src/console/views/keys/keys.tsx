// The API keys.
import { Heading } from '../../base/notice.tsx';

export function Keys() {
  return <Heading title="Keys" />;
}
