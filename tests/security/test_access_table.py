"""Access control: every endpoint, for every kind of caller.

An endpoint without a line fails, and so does a line without an endpoint.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest

from tests.support import charts
from tests.support.belongings import belongings_of
from tests.support.browsing import Browser
from tests.support.people import PASSWORD, working
from tests.support.routes import all_routes
from tests.support.snapshots import snapshot
from trackflow_web.domain.people import actions

if TYPE_CHECKING:
    from tests.support.routes import Route

# `nobody` has no session. All objects are Alice's; Bob collaborates, Olga is an administrator,
# Charlie has nothing to do with it.
ROLES = ("nobody", "charlie", "bob", "alice", "olga")
DOOR = "door"  # 303 to /login; for htmx the same by a header
CHANGES_NOTHING = {DOOR, "401", "403", "404"}

# In order of the requests: those that remove an object come after those that need it.
PAGES = """
#                                                     nobody charlie bob alice olga
# Everybody
GET  /                                                   200     200  200   200  200
GET  /healthz                                            200     200  200   200  200
GET  /metrics                                            404     404  404   404  404
GET  /login                                              200     303  303   303  303
POST /login                                              422     422  422   422  422
GET  /theme                                              200     200  200   200  200
POST /theme                                              303     303  303   303  303
GET  /register                                           200     303  303   303  303
POST /register                                           422     303  303   303  303
GET  /password/forgot                                    200     200  200   200  200
POST /password/forgot                                    303     303  303   303  303
GET  /password/reset/<token>                             404     404  404   404  404
POST /password/reset/<token>                             404     404  404   404  404
GET  /email/confirm/<token>                              404     404  404   404  404
POST /email/confirm/<token>                              404     404  404   404  404
GET  /moderation/suspension/<token>                      404     404  404   404  404
POST /moderation/suspension/<token>                      404     404  404   404  404
GET  /static/<filename>                                  200     200  200   200  200
GET  /robots.txt                                         200     200  200   200  200
GET  /sitemap.xml                                        200     200  200   200  200
GET  /sitemap-<section>-<number>.xml                     200     200  200   200  200
GET  /oembed                                             422     422  422   422  422
GET  /covers/generated/<key>-<letters>.svg               200     200  200   200  200
# Achievements
GET  /achievements/                                     door     200  200   200  200
GET  /achievements/<code>                                200     200  200   200  200
POST /achievements/check                                door     404  404   404  303
GET  /achievements/me                                   door     200  200   200  200
GET  /achievements/me/progress                          door     200  200   200  200
GET  /achievements/levels                               door     200  200   200  200
GET  /community/leaderboard                              200     200  200   200  200
GET  /community/                                        door     200  200   200  200
GET  /community/feed                                    door     200  200   200  200
GET  /community/feed/new                                door     303  303   303  303
POST /community/feed/<feed_id>/hide                     door     303  303   303  303
GET  /community/showcase                                door     200  200   200  200
GET  /community/highlights                              door     200  200   200  200
GET  /community/stats                                   door     200  200   200  200
GET  /admin/highlights                                  door     404  404   404  200
POST /admin/highlights                                  door     404  404   404  422
GET  /community/people                                  door     200  200   200  200
GET  /community/releases                                door     200  200   200  200
GET  /seasons/                                           200     200  200   200  200
GET  /seasons/<slug>                                     200     200  200   200  200
GET  /seasons.ics                                        200     200  200   200  200
GET  /admin/seasons/                                    door     404  404   404  200
POST /admin/seasons/                                    door     404  404   404  422
GET  /admin/seasons/<slug>                              door     404  404   404  200
POST /admin/seasons/<slug>                              door     404  404   404  303
POST /admin/seasons/<slug>/achievements                 door     404  404   404  422
POST /admin/seasons/<slug>/achievements/<code>/delete   door     404  404   404  404
GET  /admin/levels                                      door     404  404   404  200
POST /admin/levels                                      door     404  404   404  303
GET  /admin/achievements                                door     404  404   404  303
GET  /admin/achievements/custom                         door     404  404   404  200
POST /admin/achievements/custom                         door     404  404   404  422
GET  /admin/achievements/custom/<code>                  door     404  404   404  404
POST /admin/achievements/custom/<code>                  door     404  404   404  404
POST /admin/achievements/custom/<code>/revert           door     404  404   404  404
POST /admin/achievements/custom/<code>/retire           door     404  404   404  404
POST /admin/achievements/custom/<code>/grant            door     404  404   404  404
POST /admin/achievements/custom/<code>/grant/undo       door     404  404   404  404
GET  /admin/rechecks/                                   door     404  404   404  200
POST /admin/rechecks/                                   door     404  404   404  303
GET  /admin/rechecks/<run_id>                           door     404  404   404  200
POST /admin/rechecks/<run_id>/cancel                    door     404  404   404  303
GET  /admin/users/<username>                            door     404  404   404  200
POST /admin/users/<username>/achievements/<code>/revoke door     404  404   404  303
POST /admin/users/<username>/achievements/<code>/restore door    404  404   404  303
GET  /admin/users/                                      door     404  404   404  200
GET  /admin/users/<username>/account                    door     404  404   404  200
POST /admin/users/<username>/<action>                   door     404  404   404  422
POST /admin/users/<username>/rename                     door     404  404   404  422
POST /admin/users/<username>/reset-link                 door     404  404   404  422
POST /admin/users/<username>/delete                     door     404  404   404  422
GET  /stats                                             door     200  200   200  200
GET  /stats/gaps                                        door     200  200   200  200
# Releases: the song of the table is still planned
GET  /releases/<song_id>                                 404     404  404   404  404
GET  /songs/<song_id>/credits.ini                       door     404  200   200  404
# Songs
GET  /songs/                                            door     200  200   200  200
POST /songs/                                            door     303  303   303  303
GET  /songs/<song_id>                                   door     404  200   200  404
POST /songs/<song_id>                                   door     404  403   303  404
POST /songs/<song_id>/collaborators                     door     404  403   303  404
GET  /songs/<song_id>/edit                              door     404  403   200  404
POST /songs/<song_id>/parts                             door     404  422   422  404
POST /songs/<song_id>/templates                         door     404  422   422  404
POST /songs/<song_id>/parts/<part>                      door     404  303   303  404
POST /songs/bulk                                        door     422  422   422  422
POST /undo/<token>                                      door     404  404   404  404
GET  /songs/<song_id>/row                               door     404  200   200  404
POST /songs/<song_id>/status                            door     404  303   303  404
POST /songs/<song_id>/collaborators/<user_id>/delete    door     404  303   303  404
# Invitations
GET  /invitations/                                      door     200  200   200  200
POST /invitations/<invitation_id>/accept                door     404  404   303  404
POST /invitations/<invitation_id>/decline               door     404  404   422  404
# Packs
GET  /packs/                                            door     200  200   200  200
POST /packs/                                            door     303  303   303  303
GET  /packs/<pack_id>                                   door     404  404   200  404
POST /packs/<pack_id>                                   door     404  404   303  404
POST /packs/<pack_id>/collaborators                     door     404  404   303  404
POST /packs/<pack_id>/collaborators/<user_id>/delete    door     404  404   303  404
GET  /packs/<pack_id>/release                           door     404  404   200  404
POST /packs/<pack_id>/release                           door     404  404   303  404
POST /packs/<pack_id>/songs                             door     404  404   303  404
# Album series
GET  /series/                                           door     200  200   200  200
POST /series/                                           door     303  303   303  303
GET  /series/<series_id>                                door     404  404   200  404
POST /series/<series_id>                                door     404  404   303  404
POST /series/<series_id>/link                           door     404  404   303  404
POST /series/<series_id>/plan                           door     404  404   303  404
POST /series/<series_id>/tracks                         door     404  404   303  404
POST /series/<series_id>/tracks/<position>              door     404  404   303  404
# Imports
GET  /imports/                                          door     200  200   200  200
POST /imports/                                          door     303  303   303  303
GET  /imports/charts                                    door     200  200   200  200
POST /imports/charts                                    door     303  303   303  303
GET  /imports/charts/<scan_id>                          door     404  404   200  404
POST /imports/charts/<scan_id>/confirm                  door     404  404   303  404
GET  /imports/<import_id>                               door     404  404   200  404
GET  /imports/spotify/callback                          door     303  303   303  303
GET  /imports/spotify/connect                           door     303  303   303  303
POST /imports/spotify/disconnect                        door     303  303   303  303
POST /imports/<import_id>/cancel                        door     404  404   303  404
POST /imports/<import_id>/columns                       door     404  404   422  404
POST /imports/<import_id>/start                         door     404  404   422  404
POST /imports/<import_id>/undo                          door     404  404   422  404
# Requests and reports, which everybody may see
GET  /bugs/                                             door     200  200   200  200
POST /bugs/                                             door     303  303   303  303
GET  /bugs/<item_id>                                    door     200  200   200  200
POST /bugs/<item_id>/comments                           door     303  303   303  303
POST /bugs/<item_id>/status                             door     403  403   403  303
GET  /features/                                         door     200  200   200  200
POST /features/                                         door     303  303   303  303
GET  /features/<item_id>                                door     200  200   200  200
POST /features/<item_id>/comments                       door     303  303   303  303
POST /features/<item_id>/status                         door     403  403   403  303
POST /features/<item_id>/vote                           door     303  303   303  303
POST /bugs/<item_id>/withdraw                           door     403  403   303  403
POST /features/<item_id>/withdraw                       door     403  403   303  403
# Comments and reactions: on a pack of Alice's, whose profile members may see
GET  /comments/<subject>/<subject_id>                    404     200  200   200  200
POST /comments/<subject>/<subject_id>                   door     303  303   303  303
POST /comments/<subject>/<subject_id>/close             door     403  403   303  403
GET  /comments/<comment_id>/versions                    door     404  404   404  200
POST /comments/<comment_id>/release                     door     404  404   404  303
POST /comments/<comment_id>/edit                        door     403  403   303  403
POST /reactions                                         door     303  303   422  303
GET  /reactions/<subject>/<subject_id>                   404     200  200   200  200
GET  /comments/<comment_id>/report                      door     200  200   200  200
POST /comments/<comment_id>/report                      door     303  303   422  303
POST /comments/<comment_id>/delete                      door     403  403   303  403
# People
GET  /users/<username>                                   404     200  200   200  200
GET  /users/<username>/badge.<form>                      404     404  404   404  404
GET  /users/<username>/badge/<code>.<form>               404     404  404   404  404
GET  /users/<username>/shield.json                       404     404  404   404  404
GET  /users/<username>/card                              404     303  303   303  303
GET  /users/<username>/achievements/<code>               404     200  200   200  200
GET  /users/<username>/proof                             404     404  404   200  404
# Badges, which are off here: tests/credentials has them
GET  /.well-known/did.json                               404     404  404   404  404
GET  /badges/status                                      404     404  404   404  404
GET  /badges/verify                                      200     200  200   200  200
POST /badges/verify                                      422     422  422   422  422
GET  /badges/<public_id>                                 404     404  404   404  404
GET  /badges/<public_id>.<form>                          404     404  404   404  404
POST /achievements/<code>/badge                         door     404  404   404  404
POST /achievements/<code>/badge/withdraw                door     404  404   404  404
GET  /notifications/                                    door     200  200   200  200
GET  /notifications/unsubscribe/<token>                  404     404  404   404  404
POST /notifications/unsubscribe/<token>                  404     404  404   404  404
GET  /notifications/panel                               door     200  200   200  200
GET  /notifications/unread-count                        door     200  200   200  200
GET  /notifications/stream                              door     204  204   204  204
GET  /notifications/<notification_id>/go                door     404  404   303  404
POST /notifications/<notification_id>/read              door     404  404   303  404
POST /notifications/<notification_id>/unread            door     404  404   303  404
POST /notifications/<notification_id>/mute              door     404  404   303  404
POST /notifications/read-all                            door     303  303   303  303
POST /notifications/seen                                door     303  303   303  303
POST /notifications/undo                                door     404  404   404  404
GET  /settings/notifications                            door     200  200   200  200
POST /settings/notifications                            door     303  303   303  303
GET  /users/<username>/report                           door     200  200   200  200
POST /users/<username>/report                           door     303  303   422  303
GET  /report/<subject>/<subject_id>                     door     200  200   200  200
POST /report/<subject>/<subject_id>                     door     303  303   422  303
GET  /moderation/decisions/                             door     200  200   200  200
GET  /moderation/decisions/<action_id>                  door     404  404   200  404
POST /moderation/decisions/<action_id>/appeal           door     404  404   422  404
GET  /admin/moderation                                  door     404  404   404  200
POST /admin/moderation/<report_id>                      door     404  404   404  422
POST /admin/moderation/appeals/<action_id>              door     404  404   404  422
POST /admin/moderation/log/<action_id>/undo             door     404  404   404  422
GET  /settings/people                                   door     200  200   200  200
POST /mutes/<kind>                                      door     303  303   303  303
GET  /users/<username>/compare                          door     200  200   303  200
POST /users/<username>/follow                           door     303  303   422  303
POST /users/<username>/mute                             door     303  303   422  303
POST /users/<username>/remove-follower                  door     303  303   303  303
POST /users/<username>/block                            door     303  303   422  303
GET  /avatars/<digest>-<size>.webp                       404     404  404   404  404
GET  /community/feed.atom                                200     200  200   200  200
GET  /users/<username>/feed.atom                         404     404  404   404  404
GET  /achievements/<code>.atom                           200     200  200   200  200
GET  /feeds/<token>.atom                                 404     404  404   404  404
POST /settings/people/feed-address                       door    303  303   303  303
GET  /covers/<digest>-<side>.webp                        404     404  404   404  404
GET  /og/<kind>/<name>.png                               404     404  404   404  404
GET  /avatars/generated/<seed>-<initials>.svg            200     200  200   200  200
GET  /suggestions/artists                               door     303  303   303  303
GET  /suggestions/people                                door     303  303   303  303
GET  /shortcuts                                          200     200  200   200  200
POST /checklist/hide                                    door     303  303   303  303
# The own account
GET  /confirm                                           door     200  200   200  200
POST /confirm                                           door     303  303   303  303
GET  /settings/                                         door     303  303   303  303
GET  /settings/achievements                             door     200  200   200  200
POST /settings/achievements                             door     303  303   303  303
POST /settings/achievements/<code>/pin                  door     404  404   303  404
POST /settings/achievements/<code>/visibility           door     404  404   303  404
GET  /settings/connections                              door     200  200   200  200
POST /settings/password                                 door     422  422   422  422
GET  /settings/privacy                                  door     200  200   200  200
POST /settings/privacy                                  door     303  303   303  303
POST /settings/privacy/achievements                     door     303  303   303  303
GET  /settings/privacy/delete                           door     200  200   200  200
GET  /settings/privacy/export                           door     200  200   200  200
GET  /settings/profile                                  door     200  200   200  200
POST /settings/profile                                  door     422  422   422  422
POST /settings/profile/confirm                          door     303  303   303  303
POST /settings/theme                                    door     303  303   303  303
GET  /settings/streaks                                  door     200  200   200  200
POST /settings/streaks/break                            door     422  422   422  422
POST /settings/streaks/break/cancel                     door     422  422   422  422
GET  /settings/tokens                                   door     200  200   200  200
POST /settings/tokens                                   door     200  200   200  200
POST /settings/tokens/<token_id>/delete                 door     404  404   303  404
GET  /settings/webhooks                                 door     200  200   200  200
POST /settings/webhooks                                 door     200  200   200  200
GET  /settings/webhooks/<webhook_id>                    door     404  404   200  404
POST /settings/webhooks/<webhook_id>                    door     404  404   303  404
POST /settings/webhooks/<webhook_id>/test               door     404  404   422  404
POST /settings/webhooks/<webhook_id>/rotate             door     404  404   200  404
POST /settings/webhooks/<webhook_id>/deliveries/<delivery_id>/send door     404  404   422  404
POST /settings/webhooks/<webhook_id>/delete             door     404  404   303  404
POST /settings/privacy/delete                           door     422  422   422  422
# What the other lines need goes last
GET  /packs/<pack_id>/cover                             door     404  404   200  404
POST /packs/<pack_id>/cover                             door     404  404   422  404
POST /packs/<pack_id>/songs/<song_id>/delete            door     404  404   303  404
POST /packs/<pack_id>/delete                            door     404  404   303  404
POST /series/<series_id>/delete                         door     404  404   303  404
POST /templates/<template_id>/delete                    door     404  404   303  404
GET  /songs/<song_id>/cover                             door     404  403   200  404
POST /songs/<song_id>/cover                             door     404  403   422  404
POST /songs/<song_id>/delete                            door     404  403   303  404
POST /notifications/<notification_id>/delete            door     404  404   303  404
POST /logout                                            door     303  303   303  303
"""

API = """
#                                                         nobody charlie bob alice olga
# Everybody
GET  /api/openapi.json                                       200     200  200   200  200
# Achievements
GET  /api/achievements/                                      401     200  200   200  200
GET  /api/achievements/<code>                                401     200  200   200  200
POST /api/achievements/check                                 401     404  404   404  200
POST /api/achievements/<code>/badge                          401     404  404   404  404
DELETE /api/achievements/<code>/badge                        401     404  404   404  404
GET  /api/achievements/check/<run_id>                        401     404  404   404  200
GET  /api/achievements/custom                                401     404  404   404  200
POST /api/achievements/custom                                401     404  404   404  422
PATCH /api/achievements/custom/<code>                        401     404  404   404  404
POST /api/achievements/custom/<code>/preview                 401     404  404   404  404
POST /api/achievements/custom/<code>/revert                  401     404  404   404  404
POST /api/achievements/custom/<code>/retire                  401     404  404   404  404
POST /api/achievements/custom/<code>/grant                   401     404  404   404  404
POST /api/achievements/custom/<code>/grant/undo              401     404  404   404  404
POST /api/achievements/check/<run_id>/cancel                 401     404  404   404  200
GET  /api/admin/users/<username>                             401     404  404   404  200
POST /api/admin/users/<username>/achievements/<code>/revoke  401     404  404   404  200
POST /api/admin/users/<username>/achievements/<code>/restore 401     404  404   404  200
GET  /api/achievements/me                                    401     200  200   200  200
GET  /api/achievements/me/progress                           401     200  200   200  200
GET  /api/achievements/categories                            401     200  200   200  200
GET  /api/community/leaderboard                              401     200  200   200  200
GET  /api/community/feed                                 401     200  200   200  200
PUT  /api/community/feed/<feed_id>/hidden                401     204  204   204  204
DELETE /api/community/feed/<feed_id>/hidden              401     204  204   204  204
GET  /api/community/highlights                           401     200  200   200  200
GET  /api/community/stats                                401     200  200   200  200
GET  /api/community/trending                             401     200  200   200  200
GET  /api/community/releases                                 401     200  200   200  200
GET  /api/community/users/<username>                         401     200  200   200  200
GET  /api/seasons/                                           401     200  200   200  200
# Songs
GET  /api/songs/                                             401     200  200   200  200
POST /api/songs/                                             401     201  201   201  201
GET  /api/songs/<song_id>                                    401     404  200   200  404
POST /api/songs/<song_id>                                    401     404  403   200  404
GET  /api/songs/<song_id>/collaborators                      401     404  200   200  404
POST /api/songs/<song_id>/collaborators                      401     404  403   201  404
GET  /api/songs/<song_id>/parts                              401     404  200   200  404
POST /api/songs/<song_id>/parts                              401     404  422   422  404
GET  /api/templates/                                     401     200  200   200  200
POST /api/templates/                                     401     201  201   201  201
POST /api/songs/<song_id>/parts/<part>                       401     404  200   200  404
POST /api/songs/bulk                                         401     422  422   422  422
POST /api/undo/<token>                                       401     404  404   404  404
POST /api/songs/<song_id>/status                             401     404  200   200  404
POST /api/songs/<song_id>/collaborators/<user_id>/delete     401     404  200   200  404
# Invitations
GET  /api/invitations/                                       401     200  200   200  200
POST /api/invitations/<invitation_id>/accept                 401     404  404   200  404
POST /api/invitations/<invitation_id>/decline                401     404  404   422  404
# Packs
GET  /api/packs/                                             401     200  200   200  200
POST /api/packs/                                             401     201  201   201  201
GET  /api/packs/<pack_id>                                    401     404  404   200  404
POST /api/packs/<pack_id>                                    401     404  404   200  404
POST /api/packs/<pack_id>/collaborators                      401     404  404   200  404
POST /api/packs/<pack_id>/collaborators/<user_id>/delete     401     404  404   200  404
POST /api/packs/<pack_id>/release                            401     404  404   200  404
GET  /api/packs/<pack_id>/songs                              401     404  404   200  404
POST /api/packs/<pack_id>/songs                              401     404  404   200  404
# Album series
GET  /api/series/                                            401     200  200   200  200
POST /api/series/                                            401     201  201   201  201
GET  /api/series/<series_id>                                 401     404  404   200  404
PATCH /api/series/<series_id>                                401     404  404   200  404
POST /api/series/<series_id>/link                            401     404  404   200  404
POST /api/series/<series_id>/plan                            401     404  404   200  404
POST /api/series/<series_id>/tracks/<position>               401     404  404   200  404
# Imports
GET  /api/imports/                                           401     200  200   200  200
POST /api/imports/                                           401     201  201   201  201
GET  /api/imports/<import_id>                                401     404  404   200  404
GET  /api/imports/<import_id>/rows                           401     404  404   200  404
POST /api/imports/<import_id>/cancel                         401     404  404   200  404
POST /api/imports/<import_id>/columns                        401     404  404   422  404
POST /api/imports/<import_id>/start                          401     404  404   422  404
POST /api/imports/<import_id>/undo                           401     404  404   422  404
GET  /api/imports/charts                                     401     200  200   200  200
POST /api/imports/charts                                     401     415  415   415  415
GET  /api/imports/charts/<scan_id>                           401     404  404   200  404
GET  /api/imports/charts/<scan_id>/songs                     401     404  404   200  404
POST /api/imports/charts/<scan_id>/confirm                   401     404  404   200  404
GET  /api/songs/<song_id>/cover                              401     404  403   200  404
PUT  /api/songs/<song_id>/cover                              401     415  415   415  415
DELETE /api/songs/<song_id>/cover                            401     404  403   204  404
GET  /api/packs/<pack_id>/cover                              401     404  404   200  404
PUT  /api/packs/<pack_id>/cover                              401     415  415   415  415
DELETE /api/packs/<pack_id>/cover                            401     404  404   204  404
# Requests and reports, which everybody may see
GET  /api/bugs/                                              401     200  200   200  200
POST /api/bugs/                                              401     201  201   201  201
GET  /api/bugs/<item_id>                                     401     200  200   200  200
GET  /api/bugs/<item_id>/comments                            401     200  200   200  200
POST /api/bugs/<item_id>/comments                            401     201  201   201  201
POST /api/bugs/<item_id>/status                              401     403  403   403  200
GET  /api/features/                                          401     200  200   200  200
POST /api/features/                                          401     201  201   201  201
GET  /api/features/<item_id>                                 401     200  200   200  200
GET  /api/features/<item_id>/comments                        401     200  200   200  200
POST /api/features/<item_id>/comments                        401     201  201   201  201
POST /api/features/<item_id>/status                          401     403  403   403  200
POST /api/features/<item_id>/vote                            401     200  200   200  200
POST /api/bugs/<item_id>/withdraw                            401     403  403   200  403
POST /api/features/<item_id>/withdraw                        401     403  403   200  403
# Comments and reactions
GET  /api/comments/<subject>/<subject_id>                    401     200  200   200  200
POST /api/comments/<subject>/<subject_id>                    401     201  201   201  201
PUT  /api/comments/<subject>/<subject_id>/closed             401     403  403   200  403
PATCH /api/comments/<comment_id>                             401     403  403   200  403
GET  /api/reactions/<subject>/<subject_id>                   401     200  200   200  200
PUT  /api/reactions/<subject>/<subject_id>                   401     200  200   422  200
DELETE /api/reactions/<subject>/<subject_id>                 401     200  200   422  200
POST /api/comments/<comment_id>/report                       401     201  201   422  201
DELETE /api/comments/<comment_id>                            401     403  403   204  403
# People
GET  /api/users/<username>                                   401     200  200   200  200
PUT  /api/users/<username>/follow                            401     200  200   422  200
DELETE /api/users/<username>/follow                          401     204  204   422  204
PUT  /api/users/<username>/mute                              401     200  200   422  200
DELETE /api/users/<username>/mute                            401     204  204   422  204
PUT  /api/users/<username>/block                             401     200  200   422  200
DELETE /api/users/<username>/block                           401     204  204   422  204
DELETE /api/me/followers/<username>                          401     204  204   204  204
GET  /api/notifications/                                     401     200  200   200  200
GET  /api/notifications/unread-count                         401     200  200   200  200
PUT  /api/notifications/<notification_id>/read               401     404  404   200  404
PUT  /api/notifications/read-all                             401     200  200   200  200
GET  /api/me/followers                                       401     200  200   200  200
GET  /api/me/following                                       401     200  200   200  200
GET  /api/me/mutes                                           401     200  200   200  200
POST /api/users/<username>/report                            401     201  201   422  201
POST /api/report/<subject>/<subject_id>                      401     201  201   422  201
POST /api/admin/moderation/<report_id>                       401     404  404   404  422
GET  /api/me/blocks                                          401     200  200   200  200
GET  /api/me/muted-things                                    401     200  200   200  200
PUT  /api/me/muted-things/<kind>/<target>                    401     200  200   200  200
DELETE /api/me/muted-things/<kind>/<target>                  401     204  204   204  204
# The own account
GET  /api/settings/achievements                              401     200  200   200  200
POST /api/settings/achievements                              401     200  200   200  200
POST /api/settings/achievements/<code>/pin                   401     404  404   200  404
POST /api/settings/achievements/<code>/visibility            401     404  404   200  404
GET  /api/settings/profile                                   401     200  200   200  200
POST /api/settings/profile                                   401     200  200   200  200
PUT  /api/settings/profile/avatar                            401     415  415   415  415
DELETE /api/settings/profile/avatar                          401     200  200   200  200
GET  /api/settings/privacy                                   401     200  200   200  200
POST /api/settings/privacy                                   401     200  200   200  200
POST /api/settings/privacy/achievements                      401     200  200   200  200
GET  /api/settings/privacy/export                            401     200  200   200  200
POST /api/settings/privacy/delete                            401     422  422   422  422
GET  /api/settings/webhooks                              401     200  200   200  200
POST /api/settings/webhooks                              401     201  201   201  201
GET  /api/settings/webhooks/<webhook_id>                 401     404  404   200  404
PATCH /api/settings/webhooks/<webhook_id>                401     404  404   200  404
POST /api/settings/webhooks/<webhook_id>/rotate          401     404  404   200  404
POST /api/settings/webhooks/<webhook_id>/test            401     404  404   422  404
GET  /api/settings/webhooks/<webhook_id>/deliveries      401     404  404   200  404
POST /api/settings/webhooks/<webhook_id>/deliveries/<delivery_id>/send 401     404  404   422  404
DELETE /api/settings/webhooks/<webhook_id>               401     404  404   204  404
GET  /api/settings/streaks                                   401     200  200   200  200
POST /api/settings/streaks/break                             401     422  422   422  422
POST /api/settings/streaks/break/cancel                      401     422  422   422  422
# What the other lines need goes last
POST /api/packs/<pack_id>/songs/<song_id>/delete             401     404  404   200  404
POST /api/packs/<pack_id>/delete                             401     404  404   200  404
POST /api/series/<series_id>/delete                          401     404  404   200  404
POST /api/templates/<template_id>/delete                     401     404  404   200  404
DELETE /api/notifications/<notification_id>                  401     404  404   204  404
POST /api/songs/<song_id>/delete                             401     404  403   200  404
"""


# Callers without permission get 404 for these.
ADMINISTRATION = (
    "POST /api/achievements/check",
    "GET /api/achievements/check/<run_id>",
    "POST /api/achievements/check/<run_id>/cancel",
    "GET /api/achievements/custom",
    "POST /api/achievements/custom",
    "PATCH /api/achievements/custom/<code>",
    "POST /api/achievements/custom/<code>/preview",
    "POST /api/achievements/custom/<code>/revert",
    "POST /api/achievements/custom/<code>/retire",
    "POST /api/achievements/custom/<code>/grant",
    "POST /api/achievements/custom/<code>/grant/undo",
    "POST /api/admin/moderation/<report_id>",
    "GET /api/admin/users/<username>",
    "POST /api/admin/users/<username>/achievements/<code>/revoke",
    "POST /api/admin/users/<username>/achievements/<code>/restore",
)
# Administrators may do these too; other callers get 403.
DECISIONS = ("POST /api/bugs/<item_id>/status", "POST /api/features/<item_id>/status")
# Creating keys and changing other users: these require a recent password.
CONFIRMED_PAGES = (
    "POST /achievements/check",
    "POST /admin/highlights",
    "POST /admin/levels",
    "POST /admin/rechecks/",
    "POST /admin/seasons/",
    "POST /admin/seasons/<slug>",
    "POST /admin/seasons/<slug>/achievements",
    "POST /admin/moderation/<report_id>",
    "POST /admin/moderation/appeals/<action_id>",
    "POST /admin/moderation/log/<action_id>/undo",
    "POST /admin/rechecks/<run_id>/cancel",
    "POST /admin/users/<username>/achievements/<code>/revoke",
    "POST /admin/users/<username>/achievements/<code>/restore",
    "POST /bugs/<item_id>/status",
    "POST /comments/<comment_id>/release",
    "POST /features/<item_id>/status",
    "POST /settings/tokens",
)
CONFIRMED_API = (
    *DECISIONS,
    "POST /api/achievements/check",
    "POST /api/achievements/check/<run_id>/cancel",
    "POST /api/admin/users/<username>/achievements/<code>/revoke",
    "POST /api/admin/users/<username>/achievements/<code>/restore",
)


# The fields. Where the account would be deleted or its password changed, invalid ones: an error at
# the form means that access was granted.
def body_of(route: Route, values: dict[str, object]) -> dict[str, object]:
    yes: object = True if route.is_api else "1"
    csv = "title,artist\nOne,Metallica\n"
    return {
        "/achievements/check": {"user": "noise"},
        "/admin/rechecks/": {"user": "noise"},
        "/admin/users/<username>/achievements/<code>/revoke": {"reason": "A bug of ours."},
        "/bugs/": {"title": "A bug", "description": "It bites."},
        "/bugs/<item_id>/comments": {"body": "It bites me, too."},
        "/bugs/<item_id>/status": {"status": "confirmed"},
        "/comments/<subject>/<subject_id>": {"body": "A comment."},
        "/comments/<subject>/<subject_id>/close": {"set": "0"},
        "/comments/<subject>/<subject_id>/closed": {"closed": False},
        "/comments/<comment_id>": {"body": "Another text."},
        "/comments/<comment_id>/edit": {"body": "Another text."},
        "/confirm": {"password": PASSWORD},
        "/features/": {"title": "A feature", "description": "It shines."},
        "/features/<item_id>/comments": {"body": "Oh yes."},
        "/features/<item_id>/status": {"status": "planned"},
        "/imports/": {"name": "New", "file": csv if route.is_api else _upload(csv)},
        "/users/<username>/report": {"reason": "spam"},
        "/comments/<comment_id>/report": {"reason": "spam"},
        "/report/<subject>/<subject_id>": {"reason": "spam"},
        "/admin/moderation/appeals/<action_id>": {"accept": "1"},
        "/mutes/<kind>": {"artist": "Metallica"},
        "/imports/charts": (
            {} if route.is_api else {"files": (io.BytesIO(charts.chart()), "notes.chart")}
        ),
        "/imports/charts/<scan_id>/confirm": (
            {"songs": [{"id": 0, "parts": ["drums"]}]}
            if route.is_api
            else {"song": "0", "part": "drums"}
        ),
        "/notifications/<notification_id>/mute": {"what": "type"},
        "/packs/": {"name": "A new pack"},
        "/packs/<pack_id>": {"name": "Another name"},
        "/packs/<pack_id>/collaborators": {"username": "noise"},
        "/packs/<pack_id>/songs": {"song_id": values["song_id"]},
        "/reactions": {"subject": "pack", "id": values["pack_id"], "kind": "like"},
        "/reactions/<subject>/<subject_id>": {"kind": "banger"},
        "/series/": {"artist": "Metallica", "album": "Load", "tracks": "Ain't My Bitch"},
        "/series/<series_id>/tracks/<position>": {"song_id": values["song_id"], "anyway": yes},
        "/settings/achievements": {"toasts": "all"},
        "/settings/achievements/<code>/pin": {"move": "pin"},
        "/settings/achievements/<code>/visibility": {"public": yes},
        "/settings/password": {"current": "not it", "password": "correct horse battery"},
        "/settings/privacy": {"profile": "public", "new_achievements": "public"},
        "/settings/privacy/achievements": {"public": yes},
        "/settings/privacy/delete": {"username": "somebody", "password": PASSWORD},
        "/settings/profile": {"email": "", "timezone": "UTC"},
        "/settings/theme": {"theme": "dark"},
        "/theme": {"theme": "light"},
        "/settings/tokens": {"name": "New", "scope": "read", "days": "30"},
        "/settings/webhooks": {"url": "https://hooks.example.org/", "events": ["song.released"]},
        "/settings/webhooks/<webhook_id>": {"state": "paused"},
        "/songs/": {"title": "A new song", "artist": "Metallica"},
        "/songs/<song_id>": {"title": "Another title"},
        "/songs/<song_id>/collaborators": {"username": "noise"},
        "/songs/<song_id>/parts/<part>": {"state": "done"},
        "/songs/<song_id>/status": {"status": "wip"},
        "/templates/": {"name": "Another template", "not_needed": ["keys"]},
    }.get(route.pattern.removeprefix("/api"), {})


def _upload(text: str) -> tuple[io.BytesIO, str]:
    return io.BytesIO(text.encode()), "new.csv"


def lines_of(table: str) -> dict[str, dict[str, str]]:
    """The expected response of each role by `METHOD /url`."""
    found = {}
    for line in table.strip().splitlines():
        if line.startswith("#"):
            continue
        method, pattern, *answers = line.split()
        assert f"{method} {pattern}" not in found, f"{line} stands here twice"
        found[f"{method} {pattern}"] = dict(zip(ROLES, answers, strict=True))
    return found


@pytest.fixture
def app(make_app):
    """An application with Spotify settings; these tests send no requests to it."""
    return make_app(SPOTIFY_CLIENT_ID="id", SPOTIFY_CLIENT_SECRET="secret")


@pytest.fixture
def values(app, alice, bob):
    return belongings_of(app, alice, bob)


@pytest.fixture
def people(alice, bob, charlie, admin):
    return {person.username: person for person in (alice, bob, charlie, admin)}


def browser_of(app, people, role):
    browser = Browser(app)
    if role in people:
        browser.enter(people[role])
    browser.token()
    return browser


def routes_in(app, values, table):
    """The routes of a table, in its order."""
    routes = {route.name: route for route in all_routes(app, values)}
    return [routes[name] for name in lines_of(table)]


def answer(page) -> str:
    """The response in the notation of the table."""
    if page.location.startswith("/login?next="):
        assert page.status == 303
        return DOOR
    return str(page.status)


def ask(browser, route, values, *, htmx=False) -> str:
    body = body_of(route, values)
    if route.is_api:
        return answer(browser.api(route.method, route.path, body if route.is_unsafe else None))
    if route.is_unsafe:
        return answer(browser.post(route.path, htmx=htmx, **body))
    return answer(browser.get(route.path, htmx=htmx))


def walk(app, table, expected, ask_for) -> dict[str, str]:
    """Send all requests: first the rejected ones, which must change nothing."""
    routes = [route for route in table if expected[route.name] in CHANGES_NOTHING]
    before = snapshot(app)
    answers = {route.name: ask_for(route) for route in routes}
    assert snapshot(app) == before
    return answers | {route.name: ask_for(route) for route in table if route not in routes}


def test_the_tables_list_exactly_the_existing_endpoints(app, values):
    assert {*lines_of(PAGES), *lines_of(API)} == {route.name for route in all_routes(app, values)}


@pytest.mark.parametrize("role", ROLES)
def test_pages_respond_as_listed_in_the_table(app, values, people, role):
    browser = browser_of(app, people, role)
    expected = {name: answers[role] for name, answers in lines_of(PAGES).items()}
    routes = routes_in(app, values, PAGES)
    assert walk(app, routes, expected, lambda route: ask(browser, route, values)) == expected


@pytest.mark.parametrize("role", ROLES)
def test_the_api_responds_as_listed_in_the_table(app, values, people, role):
    browser = browser_of(app, people, role)
    expected = {name: answers[role] for name, answers in lines_of(API).items()}
    routes = routes_in(app, values, API)
    assert walk(app, routes, expected, lambda route: ask(browser, route, values)) == expected


def test_htmx_requests_without_a_session_redirect_to_sign_in(app, values, stranger):
    stranger.token()
    for route in routes_in(app, values, PAGES):
        if lines_of(PAGES)[route.name]["nobody"] != DOOR:
            continue
        page = stranger.request(
            route.method,
            route.path,
            htmx=True,
            data={"csrf_token": stranger.token()} if route.is_unsafe else None,
            headers={"HX-Current-URL": "http://localhost/songs/?status=wip"},
        )
        assert page.headers["HX-Redirect"] == "/login?next=/songs/?status%3Dwip", route
        assert not page.html


@pytest.mark.parametrize("role", ["charlie", "bob", "olga"])
def test_fragments_are_rejected_like_pages(app, values, people, role):
    browser = browser_of(app, people, role)
    for route in routes_in(app, values, PAGES):
        expected = lines_of(PAGES)[route.name][role]
        if expected in CHANGES_NOTHING:
            assert ask(browser, route, values, htmx=True) == expected, route
            assert "secret" not in browser.last.html


@pytest.mark.fault("B1")
def test_creating_keys_and_changing_other_users_require_a_recent_password(
    app, values, people, clock
):
    browser = browser_of(app, people, "olga")
    clock.move(minutes=10, seconds=1)
    browser.get("/")  # a visit is recorded even if the request is rejected
    before = snapshot(app)
    for route in all_routes(app, values):
        if route.name in CONFIRMED_PAGES:
            assert ask(browser, route, values) == "303", route
            assert browser.last.location.startswith("/confirm?next="), route
        elif route.name in CONFIRMED_API:
            assert ask(browser, route, values) == "403", route
    assert snapshot(app) == before


@pytest.mark.fault("B1")
def test_every_administrator_action_requires_a_recent_password(app, values):
    for table, confirmed in ((PAGES, CONFIRMED_PAGES), (API, CONFIRMED_API)):
        for name, answers in lines_of(table).items():
            alone = answers["olga"] in {"200", "303"} and answers["charlie"] in {"403", "404"}
            if alone and answers["alice"] in {"403", "404"} and name.startswith("POST"):
                assert name in confirmed


# --- tokens --------------------------------------------------------------------------------------


class Program:
    """A client with an access token."""

    def __init__(self, app, person, scope):
        self.client = app.test_client()
        with working(app):
            token = actions.create_token(person.user, name="New", scope=scope, days="30")
        self.headers = {"Authorization": f"Bearer {token}"}
        self.client.get("/api/songs/", headers=self.headers)  # its first use is recorded

    def ask(self, route: Route, values: dict[str, object]) -> str:
        sent = {"json": body_of(route, values)} if route.is_unsafe else {}
        answered = self.client.open(route.path, method=route.method, headers=self.headers, **sent)
        return str(answered.status_code)


@pytest.mark.parametrize("role", ROLES[1:])
@pytest.mark.fault("B1")
def test_a_write_token_may_do_what_its_owner_may_except_administer(app, values, people, role):
    program = Program(app, people[role], "write")
    expected = {name: answers[role] for name, answers in lines_of(API).items()}
    if role == "olga":
        expected |= dict.fromkeys(ADMINISTRATION, "404") | dict.fromkeys(DECISIONS, "403")
    routes = routes_in(app, values, API)
    assert walk(app, routes, expected, lambda route: program.ask(route, values)) == expected


def test_an_admin_token_may_do_what_its_owner_may(app, values, people):
    program = Program(app, people["olga"], "admin")
    expected = {name: answers["olga"] for name, answers in lines_of(API).items()}
    routes = routes_in(app, values, API)
    assert walk(app, routes, expected, lambda route: program.ask(route, values)) == expected


def test_an_admin_token_of_a_demoted_administrator_may_not_administer(app, values, people):
    program = Program(app, people["olga"], "admin")
    with working(app):
        people["olga"].user.is_admin = False
    expected = {name: answers["charlie"] for name, answers in lines_of(API).items()}
    routes = routes_in(app, values, API)
    assert walk(app, routes, expected, lambda route: program.ask(route, values)) == expected


@pytest.mark.parametrize("role", ROLES[1:])
def test_a_read_token_may_read_and_change_nothing(app, values, people, role):
    program = Program(app, people[role], "read")
    expected = {
        name: answers[role] if name.startswith("GET") else "403"
        for name, answers in lines_of(API).items()
    }
    expected |= dict.fromkeys(ADMINISTRATION, "404")
    routes = routes_in(app, values, API)
    assert walk(app, routes, expected, lambda route: program.ask(route, values)) == expected


@pytest.mark.parametrize("sent", ["Bearer tf_none", "Bearer", "Basic YWxpY2U6YQ==", "Bearer é", ""])
def test_an_invalid_token_grants_nothing_even_with_a_valid_cookie(app, values, as_alice, sent):
    for route in routes_in(app, values, API):
        if route.endpoint != "api.openapi_document":
            headers = {"Authorization": sent, "X-CSRFToken": as_alice.token()}
            page = as_alice.request(route.method, route.path, headers=headers)
            assert page.status == 401, route


def test_a_cookie_without_csrf_token_changes_nothing_through_the_api(app, values, as_alice):
    before = snapshot(app)
    for route in routes_in(app, values, API):
        if route.is_unsafe:
            page = as_alice.request(route.method, route.path, json=body_of(route, values))
            assert page.status == 403 or route.endpoint == "api.check_achievements", route
    assert snapshot(app) == before
