"""AYON's example of a service: brews coffee for who approved a folder. Ends after one job, which the original does not."""

import os
import time

import requests

SERVER_URL = os.environ["AYON_SERVER_URL"]
API_KEY = os.environ["AYON_API_KEY"]


def main():
    session = requests.session()
    session.headers.update({"Content-Type": "application/json", "X-Api-Key": API_KEY})

    while True:
        time.sleep(0.1)
        req = {
            "sourceTopic": "entity.folder.status_changed",
            "targetTopic": "example.brew_coffee_on_approve",
            "sender": "coffee-maker",
            "description": "Preparing to brew coffee on folder approval",
            "filter": {"conditions": [{"key": "payload/newValue", "value": "Approved"}]},
        }
        try:
            res = session.post(f"{SERVER_URL}/api/enroll", json=req)
        except Exception as e:
            print(e)
            continue

        # If there's nothing to do, just continue
        if res.status_code != 200:
            continue

        enroll_data = res.json()
        source_event_id = enroll_data["dependsOn"]
        target_event_id = enroll_data["id"]

        source_event = session.get(f"{SERVER_URL}/api/events/{source_event_id}").json()
        project_name = source_event["project"]
        user_name = source_event["user"]

        session.patch(
            f"{SERVER_URL}/api/events/{target_event_id}",
            json={
                "status": "in_progress",
                "description": f"Brewing coffee for {user_name}...",
                "project": project_name,
            },
        )
        print(f"Brewing coffee for {user_name}...", flush=True)
        session.patch(
            f"{SERVER_URL}/api/events/{target_event_id}",
            json={"status": "finished", "description": f"Coffee for {user_name} brewed successfully"},
        )
        return


if __name__ == "__main__":
    main()
