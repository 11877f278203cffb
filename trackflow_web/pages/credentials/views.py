"""Badges that can be verified: issue, show, download, verify; what verifiers elsewhere read."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from flask import Blueprint, Response, flash, jsonify, render_template, request, url_for

from trackflow_web.adapters.rendering import png_of
from trackflow_web.credentials import queries
from trackflow_web.credentials.baking import MOST_BYTES as LARGEST_PICTURE
from trackflow_web.credentials.baking import baked_png, baked_svg, found_in
from trackflow_web.credentials.documents import list_document
from trackflow_web.credentials.drawing import SIDE, drawn
from trackflow_web.credentials.verification import MOST_BYTES, Rejected, Verified
from trackflow_web.kernel import clock
from trackflow_web.kernel.errors import Invalid, NotFound
from trackflow_web.web import htmx
from trackflow_web.web.caller import viewer_id
from trackflow_web.web.credentials import (
    address_of,
    issue_own,
    issuer_or_404,
    verified,
    withdraw_own,
)
from trackflow_web.web.extensions import issuer
from trackflow_web.web.formats import day
from trackflow_web.web.forms import refused
from trackflow_web.web.session import login_required

if TYPE_CHECKING:
    from collections.abc import Mapping

    from werkzeug.wrappers import Response as BaseResponse

    from trackflow_web.credentials.models import Credential
    from trackflow_web.domain.people.models import User

pages = Blueprint("credentials", __name__)

LD_JSON = "application/vc+ld+json"
# Seconds: how long others may keep the list of revoked badges, and the keys.
FRESH = 300
CHOOSE = "Paste a badge or choose a file."
TOO_LARGE = f"A badge has at most {MOST_BYTES // 1024} kB, a picture {LARGEST_PICTURE // 1024} kB."


@pages.get("/.well-known/did.json")
def did() -> BaseResponse:
    """Send the public keys of this site."""
    return _public(jsonify(issuer_or_404().document()))


@pages.get("/badges/status")
def status() -> BaseResponse:
    """Send the signed list of revoked badges."""
    document = list_document(queries.revoked_indexes(), issuer_or_404(), clock.now())
    return _public(Response(json.dumps(document), mimetype=LD_JSON))


@pages.get("/badges/verify")
def verify_form() -> str:
    """Show the form to verify a badge."""
    return _form({})


@pages.post("/badges/verify")
def verify_badge() -> str | BaseResponse:
    """Verify a pasted or uploaded badge; nothing is stored."""
    try:
        found = verified(_sent())
    except (Invalid, Rejected) as why:
        refusal = why if isinstance(why, Invalid) else Invalid(credential=str(why))
        return refused(_form(refusal.errors), refusal)
    shown = queries.find_shown(found.public_id, viewer_id())
    return _form({}, found=found, holder=shown[1] if shown else None)


@pages.get("/badges/<string(length=32):public_id>")
def show(public_id: str) -> str:
    """Show a badge, to those who may see the award."""
    credential, holder = _shown_or_404(public_id)
    subject = json.loads(credential.document)["credentialSubject"]
    return render_template(
        "credentials/show.html",
        credential=credential,
        holder=holder,
        is_me=holder.id == viewer_id(),
        achievement=subject["achievement"],
        code=subject["achievement"]["id"].rpartition("/")[2],
    )


@pages.get("/badges/<string(length=32):public_id>.<any(json, svg, png):form>")
def download(public_id: str, form: str) -> BaseResponse:
    """Send a badge as the signed document, or as a picture that contains it."""
    credential, _ = _shown_or_404(public_id)
    if form == "json":
        response = Response(credential.document, mimetype=LD_JSON)
    else:
        picture = _picture(credential)
        baked: str | bytes = (
            baked_svg(picture, credential.document)
            if form == "svg"
            else baked_png(png_of(picture, SIDE), credential.document.encode())
        )
        kind = "image/svg+xml" if form == "svg" else "image/png"
        response = Response(baked, mimetype=kind)
    response.headers["Content-Disposition"] = f'attachment; filename="badge.{form}"'
    response.headers["Cache-Control"] = "private, no-cache"
    return response


@pages.post("/achievements/<code:code>/badge")
@login_required
def issue(code: str) -> BaseResponse:
    """Issue the badge of one's own award."""
    badge, _ = issue_own(code)
    return htmx.redirect_after_post(address_of(badge))


@pages.post("/achievements/<code:code>/badge/withdraw")
@login_required
def withdraw(code: str) -> BaseResponse:
    """Revoke the badge of one's own award, for good."""
    withdraw_own(code)
    flash("Badge revoked.")
    return htmx.redirect_after_post(url_for("achievements.show", code=code))


def _shown_or_404(public_id: str) -> tuple[Credential, User]:
    found = queries.find_shown(public_id, viewer_id())
    if found is None:
        raise NotFound
    return found


def _picture(credential: Credential) -> str:
    document = json.loads(credential.document)
    return drawn(document["name"], f"Earned {document['validFrom'][:10]}")


def _sent() -> bytes:
    """Return the credential that was pasted or is in the file. Raises Invalid naming the field."""
    file = request.files.get("file")
    if file is not None and file.filename:
        content = file.stream.read(LARGEST_PICTURE + 1)
        if len(content) > LARGEST_PICTURE:
            raise Invalid(file=TOO_LARGE)
        try:
            return found_in(content)
        except Rejected as why:
            raise Invalid(file=str(why)) from None
    pasted = request.form.get("credential", "")
    if len(pasted) > MOST_BYTES:
        raise Invalid(credential=TOO_LARGE)
    if not pasted.strip():
        raise Invalid(credential=CHOOSE)
    return pasted.encode(errors="replace")


def _form(
    errors: Mapping[str, str], *, found: Verified | None = None, holder: object = None
) -> str:
    return render_template(
        "credentials/verify.html",
        errors=errors,
        found=found,
        holder=holder,
        earned=day(found.earned_at.date()) if found else "",
        is_on=issuer() is not None,
        pasted=request.form.get("credential", "")[:MOST_BYTES],
    )


def _public(response: BaseResponse) -> BaseResponse:
    """Let any program read it: it is the same for everyone."""
    response.headers["Cache-Control"] = f"public, max-age={FRESH}"
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response
