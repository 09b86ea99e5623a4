"""The words of each automatic e-mail, until a configurator writes others (``MailText``).

A text names its values between braces: ``{prenom}``. Which names each text may use is declared
here, so that a wrong one is found when the text is saved and never when it leaves. A line
« Words : {lien} » becomes a button in the HTML part. No mail says anything about health.
"""

from collections.abc import Mapping

from app.services.mail_account_texts import ACCOUNT_TEXTS
from app.services.mail_words import COMMON, FIRST_NAME, LINK, REASON, Words, words

__all__ = ["COMMON", "TEXTS", "Words"]

TEXTS: Mapping[str, Words] = {
    one.code: one
    for one in (
        *ACCOUNT_TEXTS,
        words(
            "change_accepted",
            "Une modification demandée est acceptée",
            "Votre modification est acceptée",
            """
Bonjour {prenom},

Le service a accepté votre modification : {objet}. Votre dossier est à jour.

Voir mon dossier : {lien}
""",
            FIRST_NAME,
            LINK,
            {"objet": "ce que le parent voulait changer"},
        ),
        words(
            "change_refused",
            "Une modification demandée est refusée",
            "Votre modification n’est pas acceptée",
            """
Bonjour {prenom},

Le service n’a pas accepté votre modification : {objet}. Votre dossier n’a pas changé.

Pourquoi : {motif}

Voir mon dossier : {lien}
""",
            FIRST_NAME,
            LINK,
            REASON,
            {"objet": "ce que le parent voulait changer"},
        ),
        words(
            "change_undone",
            "Une décision sur une modification est reprise",
            "Votre modification est de nouveau à l’étude",
            """
Bonjour {prenom},

Le service reprend sa réponse à votre modification : {objet}. Elle est de nouveau à l’étude : ne tenez pas \
compte de l’e-mail précédent, un autre vous dira la suite.

Voir mon dossier : {lien}
""",
            FIRST_NAME,
            LINK,
            {"objet": "ce que le parent voulait changer"},
        ),
        words(
            "document_refused",
            "Un document envoyé est refusé",
            "Un document est à renvoyer : {document}",
            """
Bonjour {prenom},

Nous ne pouvons pas garder le document « {document} », pour {personne}.

Pourquoi : {motif}

Envoyer un autre document : {lien}
""",
            FIRST_NAME,
            LINK,
            REASON,
            {"document": "le nom du document demandé", "personne": "pour qui il est demandé"},
        ),
        words(
            "documents_missing",
            "Rappel des documents qui manquent",
            "Il manque des documents à votre dossier",
            """
Bonjour {prenom},

Il manque à votre dossier :

{liste}

Tant qu’un document obligatoire manque, l’enfant concerné ne peut pas être inscrit.

Envoyer mes documents : {lien}
""",
            FIRST_NAME,
            LINK,
            {"liste": "les documents, un par ligne"},
        ),
        words(
            "sheets_ready",
            "Les fiches à signer sont prêtes",
            "Les fiches de {enfant} sont prêtes à signer",
            """
Bonjour {prenom},

D’après votre dossier, nous avons préparé les fiches de {enfant}. Relisez-les, signez-les, puis \
envoyez-les dans « Mes documents ».

Ouvrir mes documents : {lien}
""",
            FIRST_NAME,
            LINK,
            {"enfant": "le prénom de l’enfant"},
        ),
        words(
            "registration_received",
            "Une demande d’inscription est arrivée",
            "{enfant} : votre demande d’inscription, {activite}",
            """
Bonjour {prenom},

Nous avons bien reçu la demande d’inscription de {enfant} : {activite}.

Le service l’étudie et vous répond par e-mail. Vous ne pouvez pas encore réserver.

Voir mes inscriptions : {lien}
""",
            FIRST_NAME,
            LINK,
            {"enfant": "le prénom de l’enfant", "activite": "l’activité"},
        ),
        words(
            "registration_accepted",
            "Une inscription est acceptée",
            "{enfant} : inscription acceptée, {activite}",
            """
Bonjour {prenom},

L’inscription de {enfant} est acceptée : {activite}, à partir du {debut}.

Vous pouvez maintenant réserver.

Réserver : {lien}
""",
            FIRST_NAME,
            LINK,
            {"enfant": "le prénom de l’enfant", "activite": "l’activité", "debut": "le premier jour"},
        ),
        words(
            "registration_refused",
            "Une inscription est refusée",
            "{enfant} : inscription non retenue, {activite}",
            """
Bonjour {prenom},

Le service n’a pas retenu l’inscription de {enfant} : {activite}.

Pourquoi : {motif}

Voir mes inscriptions : {lien}
""",
            FIRST_NAME,
            LINK,
            REASON,
            {"enfant": "le prénom de l’enfant", "activite": "l’activité"},
        ),
        words(
            "bookings_accepted",
            "Une réservation ou une annulation tardive est acceptée",
            "{enfant} : votre demande est acceptée",
            """
Bonjour {prenom},

Le service accepte, pour {enfant} : {quoi}.

Voir la semaine : {lien}
""",
            FIRST_NAME,
            LINK,
            {"enfant": "le prénom de l’enfant", "quoi": "ce qui est accepté, jour par jour"},
        ),
        words(
            "bookings_refused",
            "Une réservation ou une annulation tardive est refusée",
            "{enfant} : votre demande n’est pas acceptée",
            """
Bonjour {prenom},

Le service n’accepte pas, pour {enfant} : {quoi}.

Pourquoi : {motif}

Voir la semaine : {lien}
""",
            FIRST_NAME,
            LINK,
            REASON,
            {"enfant": "le prénom de l’enfant", "quoi": "ce qui est refusé, jour par jour"},
        ),
        words(
            "place_given",
            "Une place se libère sur une liste d’attente",
            "Une place s’est libérée pour {enfant}",
            """
Bonjour {prenom},

Une place s’est libérée : {enfant} n’est plus en liste d’attente pour {quoi}, le {jour}.

Vous n’en avez plus besoin ? Annulez-la dès maintenant, une autre famille l’attend peut-être.

Voir la semaine : {lien}
""",
            FIRST_NAME,
            LINK,
            {
                "enfant": "le prénom de l’enfant",
                "quoi": "l’activité et son moment",
                "jour": "le jour de la place",
            },
        ),
        words(
            "place_offered",
            "Une place se libère, le service doit l’accorder",
            "Une place s’est libérée pour {enfant}, le service vous répond",
            """
Bonjour {prenom},

Une place s’est libérée pour {enfant} : {quoi}, le {jour}. Le service doit encore accepter votre demande.

Vous n’en avez plus besoin ? Annulez-la dès maintenant, une autre famille l’attend peut-être.

Voir la semaine : {lien}
""",
            FIRST_NAME,
            LINK,
            {
                "enfant": "le prénom de l’enfant",
                "quoi": "l’activité et son moment",
                "jour": "le jour de la place",
            },
        ),
        words(
            "invoice",
            "Une facture est émise",
            "Votre facture de {mois} : {montant}",
            """
Bonjour,

La facture de {mois} de la famille {famille} est prête.

Numéro : {numero}
Montant : {montant}
À payer jusqu’au {echeance}

Ouvrir la facture : {lien}
""",
            LINK,
            {
                "famille": "le nom du foyer",
                "mois": "le mois facturé",
                "numero": "le numéro de la facture",
                "montant": "le montant",
                "echeance": "le dernier jour pour payer",
            },
        ),
        words(
            "credit_note",
            "Un avoir de fin d’année est émis",
            "La commune vous doit {montant}",
            """
Bonjour,

L’année scolaire se termine. Après les dernières corrections, la commune doit {montant} à la famille \
{famille}. Le service vous contacte pour le remboursement.

Le détail est dans votre espace famille (avoir numéro {numero}).

Voir le détail : {lien}
""",
            LINK,
            {
                "famille": "le nom du foyer",
                "numero": "le numéro de l’avoir",
                "montant": "le montant",
            },
        ),
        words(
            "message",
            "Le service a répondu à un message",
            "{structure} a répondu à votre message",
            """
Bonjour {prenom},

{structure} a répondu à votre message.

Lire la réponse : {lien}

Répondez depuis votre espace famille, et non à cet e-mail.
""",
            FIRST_NAME,
            LINK,
            {"structure": "qui a répondu"},
        ),
    )
}
