// Leave requests, kept in memory.
interface LeaveRequest {
  requestNo: string;
  employee: string;
  days: number;
  status?: string;
}

const requests = new Map<string, LeaveRequest>();

export function save(row: LeaveRequest) {
  requests.set(row.requestNo, row);
}

export function find(requestNo: string) {
  return requests.get(requestNo) ?? null;
}
