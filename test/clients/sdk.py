"""The public Python SDK, as its users call it: `python sdk.py SCENARIO`. Prints what it gave back as lines of JSON."""

import datetime
import inspect
import json
import os
import sys
import warnings

from truefoundry_sdk import Permissions, TeamManifest, TrueFoundry, VirtualAccountManifest
from truefoundry_sdk.core.api_error import ApiError

warnings.simplefilter("error")  # a response that the SDK's own types do not accept is at least warned about
warnings.simplefilter("ignore", ResourceWarning)  # its connections stay open until the process ends

BASE_URL = os.environ["BASE_URL"]


def tokens_of(api_key):
    return TrueFoundry(base_url=BASE_URL, api_key=api_key).personal_access_tokens


client = TrueFoundry(base_url=BASE_URL, api_key=os.environ["TFY_API_KEY"])
tokens = client.personal_access_tokens


def plain(value):
    """Models as objects, and a date that was parsed as Python writes it, which is not as the wire does."""
    return value.isoformat() if isinstance(value, datetime.datetime) else value.dict()


def say(**told):
    print(json.dumps(told, default=plain), flush=True)


def names(rows):
    return [row.name for row in rows]


def answers(token):
    """What the token itself gets for an answer: 200, or the status of the error."""
    try:
        tokens_of(token).list(limit=1)
        return 200
    except ApiError as error:
        return error.status_code


def rows_once_used():
    """The last use of a token is written within a second."""
    while True:
        rows = list(tokens.list())
        if all(row.last_accessed_at for row in rows):
            return rows


def refused(call):
    try:
        call()
    except ApiError as error:
        say(error=type(error).__name__, status=error.status_code, body=error.body)


def lifecycle():
    made = tokens.create(name="ci-pipeline", expiration_date="2030-01-31")
    say(created=made.dict().keys() == {"token"}, answers=answers(made.token))
    rows = rows_once_used()
    say(rows=rows)
    found = next(row for row in rows if row.name == "ci-pipeline")
    say(found=names(tokens.list(name_search_query="pipe")), missed=names(tokens.list(name_search_query="nothing")))
    say(deleted=tokens.delete(found.id), answers=answers(made.token))
    say(left=names(tokens.list()))


def paging():
    for number in range(1, 6):
        tokens.create(name=f"token-{number}")
    say(pages=[names(page.items) for page in tokens.list(limit=2).iter_pages()])
    say(iterated=names(tokens.list(limit=2)), by_default=names(tokens.list()))
    say(past_the_end=names(tokens.list(offset=100)))


def refusals():
    tokens.create(name="taken")
    refused(lambda: tokens.create(name="taken"))
    refused(lambda: tokens.create(name="Not A Name"))
    refused(lambda: tokens.create(name="dated", expiration_date="tomorrow"))
    refused(lambda: tokens.list(limit=5000))
    refused(lambda: tokens.delete("jqfwg345gi25n5ju2yz5iz6m"))
    refused(lambda: tokens.revoke_all(email="nobody@example.com"))
    refused(lambda: tokens_of("tfy_pat_wrong").list())


def revoke_all():
    member = os.environ["MEMBER_TOKEN"]
    say(before=answers(member))
    refused(lambda: tokens_of(member).revoke_all(email="admin@example.com"))
    say(revoked=tokens.revoke_all(email="member@example.com"), after=answers(member), own=names(tokens.list()))


def get_or_create():
    first, second = tokens.get("default-browser"), tokens.get("default-browser")
    say(first=first.created, second=second.created, same_row=first.data.id == second.data.id)
    say(answers=[answers(first.token), answers(second.token)], different=first.token != second.token)
    say(row=second.data)
    refused(lambda: tokens.get("Not A Name"))


def people():
    users = client.users
    users.pre_register_users(email="bob@example.com")
    users.pre_register_users(email="carol@example.com")
    found = {user.email: user for user in users.list()}
    bob, carol = found["bob@example.com"], found["carol@example.com"]
    say(emails=sorted(found), roles=bob.roles, active=bob.active, one=users.get(bob.id).data.email)
    say(searched=[user.email for user in users.list(query="bob")])
    users.update_roles(email=bob.email, roles=["tenant-admin"])
    say(roles=users.get(bob.id).data.roles, link=users.invite_user(
        accept_invite_client_url="https://x.example/accept", email=bob.email).link.split("#")[0].endswith("/invitation"))
    users.deactivate(email=bob.email)
    say(active=[user.email for user in users.list()], all=sorted(user.email for user in users.list(show_invalid_users=True)))
    users.activate(email=bob.email)
    say(permissions=[p.role_id for p in users.get_permissions(bob.id).data])
    say(resources=[p.role_id for p in users.get_resources(bob.id).data])
    made = client.teams.create_or_update(manifest=TeamManifest(
        type="team", name="platform", description="Platform", members=[bob.email, carol.email], managers=[bob.email])).data
    say(team=made.manifest.name, members=sorted(made.members), manifest_type=made.manifest.type)
    say(listed=[team.manifest.name for team in client.teams.list()], got=client.teams.get(made.id).data.id == made.id)
    say(of_bob=[team.team_name for team in users.get_teams(bob.id).data])
    say(members=[row.subject_slug for row in client.teams.list_members(made.id)],
        managers=[row.subject_slug for row in client.teams.list_managers(made.id)])
    say(team_permissions=[p.role_id for p in client.teams.get_permissions(made.id).data])
    refused(lambda: users.delete(carol.id))
    client.teams.delete(made.id)
    refused(lambda: client.teams.get(made.id))
    users.delete(carol.id)
    refused(lambda: users.get(carol.id))
    refused(lambda: users.update_roles(email=bob.email, roles=["no-such-role"]))
    info = client.internal.users.get_info()
    say(info=info.email, roles=info.roles, teams=[team.name for team in info.teams])


def regenerate(id, minutes):
    """By minutes from 0.6.0 on, by days before."""
    call = client.virtual_accounts.regenerate_token
    by_minutes = "grace_period_in_minutes" in inspect.signature(call).parameters
    return call(id, **({"grace_period_in_minutes": minutes} if by_minutes else {"grace_period_in_days": minutes / 1440})).token


def exists(name):
    """Up to 0.4.0 there is no such call: the list says it."""
    accounts = client.virtual_accounts
    if hasattr(accounts, "exists"):
        return accounts.exists(name=name).exists
    return any(row.manifest.name == name for row in accounts.list(name_search_query=name))


def account_names(**query):
    return [row.manifest.name for row in client.virtual_accounts.list(**query)]


def accounts():
    accounts = client.virtual_accounts
    client.teams.create_or_update(manifest=TeamManifest(type="team", name="platform", members=[]))
    role = Permissions(resource_fqn="default", resource_type="tenant", role_id="metrics-reader")
    def manifest(name, **more):
        return VirtualAccountManifest(**{"type": "virtual-account", "name": name, "permissions": [role], **more})

    say(exists=exists("ci-gateway"))
    dry = accounts.create_or_update(manifest=manifest("ci-gateway"), dry_run=True)
    say(dry_run=dry.data.manifest.name, token=dry.token, exists=exists("ci-gateway"))
    made = accounts.create_or_update(manifest=manifest(
        "ci-gateway", expiration_date="2030-01-31", tags={"cost": "42"}, owned_by={"team": "platform"},
        auto_rotate={"auto_rotate_interval": 90, "grace_period": 7}))
    say(created=made.token.startswith("tfy_va_"), answers=answers(made.token), exists=exists("ci-gateway"))
    id = made.data.id
    row = accounts.get(id).data
    say(manifest=row.manifest, type=row.type, expired=row.is_expired, rotates=row.next_scheduled_rotation is not None,
        expiry=row.jwts[0].expiry, current=row.jwt_id == row.jwts[0].id, roles=row.role_ids)
    again = accounts.create_or_update(manifest=manifest("ci-gateway", owned_by={"team": "platform"}))
    say(updated=again.data.id == id, token=again.token)
    accounts.create_or_update(manifest=manifest("another", tags={"cost": "7"}))
    tagged = {"type": "AND", "children": [{"column": "manifest.tags.cost", "op": "EQUAL", "value": "7"}]}
    say(listed=account_names(), of_team=account_names(owned_by_teams=["platform"]), expired=account_names(is_expired=True),
        filtered=account_names(filter=json.dumps(tagged)), paged=account_names(limit=1))
    say(read=accounts.get_token(id).token == made.token)
    second = regenerate(id, 1440)
    row = accounts.get(id).data
    say(values=len(row.jwts), both=[answers(made.token), answers(second)], states=[jwt.metadata["state"] for jwt in row.jwts])
    accounts.delete_jwt(id, row.jwts[1].id)
    say(after=[answers(made.token), answers(second)], read=accounts.get_token(id).token == second)
    refused(lambda: accounts.sync_to_secret_store(id))
    refused(lambda: accounts.create_or_update(manifest=manifest("empty", permissions=[])))
    refused(lambda: accounts.create_or_update(manifest=manifest("Not A Name")))
    refused(lambda: accounts.create_or_update(manifest=manifest("noticed", notification_target={"type": "pagerduty", "notification_channel": "x"})))
    refused(lambda: regenerate("jqfwg345gi25n5ju2yz5iz6m", 1440))
    say(deleted=accounts.delete(id).dict() == {}, answers=answers(second), left=account_names())
    refused(lambda: accounts.get(id))


if __name__ == "__main__":
    {f.__name__: f for f in (lifecycle, paging, refusals, revoke_all, get_or_create, people, accounts)}[sys.argv[1]]()
