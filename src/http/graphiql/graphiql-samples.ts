// The sample operations of GraphiQL, one tab each.

export interface Sample {
  readonly query: string;
  readonly variables?: string;
}

export const samples: readonly Sample[] = [
  {
    query: `# Ctrl-Enter runs the operation under the cursor. The other tabs show chains, jobs and live changes.

# Sends an event. Sent again, it is answered with the event that has this hash.
mutation Send {
  sendEvent(
    input: {
      topic: "order.paid"
      hash: "order-1041"
      requestId: "order-1041"
      payload: { total: 39.8, items: [{ name: "Lamp", count: 2 }] }
    }
  ) {
    duplicate
    event {
      id
      position
      requestId
    }
  }
}

# Lists the latest events.
query Latest {
  events(first: 10) {
    nodes {
      id
      topic
      status
      createdAt
    }
  }
}
`,
  },
  {
    query: `# Shows everything that a request caused, and where it failed.
query Chain($requestId: String!) {
  eventChain(requestId: $requestId) {
    startedAt
    finishedAt
    countByStatus {
      status
      count
    }
    failedLeaves {
      topic
      error {
        message
      }
    }
    events {
      id
      topic
      status
      dependsOn {
        id
      }
    }
  }
}
`,
    variables: '{\n  "requestId": "order-1041"\n}',
  },
  {
    query: `# Claims a job: one exists for every event of the source topic.
mutation Enroll {
  enroll(
    input: {
      sourceTopics: ["order.paid"]
      targetTopic: "invoice.write"
      worker: "me"
    }
  ) {
    attempt
    leaseUntil
    event {
      id
    }
    source {
      id
      payload
    }
  }
}

# Reports its end. Use the id and the attempt from the answer above.
mutation Finish($id: ID!, $attempt: Int!) {
  updateEvent(
    input: { id: $id, attempt: $attempt, status: FINISHED, result: { number: 7 } }
  ) {
    id
    status
  }
}
`,
    variables: '{\n  "id": "",\n  "attempt": 1\n}',
  },
  {
    query: `# Shows changes as they happen. Run it, then send an event from another tab.
subscription Watch {
  eventFeed(filter: { topics: ["*"] }) {
    position
    kind
    status
    at
    event {
      id
      topic
      requestId
    }
  }
}
`,
  },
];
