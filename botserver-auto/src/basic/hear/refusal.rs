//! What a person is told when an answer does not fit, in their language.

use botlib::wire::InputKind;

use crate::basic::format::language;

/// An answer that does not fit this type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Refusal(pub(crate) InputKind);

/// English, Portuguese and Spanish sentences.
type Sentences = [&'static str; 3];

impl Refusal {
    /// The sentence to say; `options` are the choices of a menu.
    pub(crate) fn message(self, options: &[String]) -> String {
        let column = match language().as_str() {
            "pt" => 1,
            "es" => 2,
            _ => 0,
        };
        let sentences = sentences(self.0);
        let sentence = sentences.get(column).copied().unwrap_or_default();
        if self.0 == InputKind::Menu {
            format!("{sentence} {}", options.join(", "))
        } else {
            sentence.to_owned()
        }
    }
}

const fn sentences(kind: InputKind) -> Sentences {
    match kind {
        InputKind::Email => [
            "Please enter a valid e-mail address, such as name@example.com.",
            "Informe um e-mail válido, como nome@exemplo.com.",
            "Escriba un correo electrónico válido, como nombre@ejemplo.com.",
        ],
        InputKind::Date => [
            "Please enter a valid date, such as 31/12/2026.",
            "Informe uma data válida, como 31/12/2026.",
            "Escriba una fecha válida, como 31/12/2026.",
        ],
        InputKind::Name => [
            "Please enter a valid name: letters only.",
            "Informe um nome válido: apenas letras.",
            "Escriba un nombre válido: solo letras.",
        ],
        InputKind::Integer => [
            "Please enter a whole number.",
            "Informe um número inteiro.",
            "Escriba un número entero.",
        ],
        InputKind::Float => ["Please enter a number.", "Informe um número.", "Escriba un número."],
        InputKind::Boolean => ["Please answer yes or no.", "Responda sim ou não.", "Responda sí o no."],
        InputKind::Hour => [
            "Please enter a time, such as 14:30.",
            "Informe um horário, como 14:30.",
            "Escriba una hora, como 14:30.",
        ],
        InputKind::Money => [
            "Please enter an amount, such as 19.90.",
            "Informe um valor, como 19,90.",
            "Escriba un importe, como 19,90.",
        ],
        InputKind::Mobile => [
            "Please enter a phone number with its area code.",
            "Informe um telefone com DDD.",
            "Escriba un teléfono con su prefijo.",
        ],
        InputKind::Zipcode => [
            "Please enter a valid postal code.",
            "Informe um CEP válido.",
            "Escriba un código postal válido.",
        ],
        InputKind::Language => [
            "Please enter a language, such as English.",
            "Informe um idioma, como português.",
            "Escriba un idioma, como español.",
        ],
        InputKind::Cpf => [
            "Please enter a valid CPF.",
            "Informe um CPF válido.",
            "Escriba un CPF válido.",
        ],
        InputKind::Cnpj => [
            "Please enter a valid CNPJ.",
            "Informe um CNPJ válido.",
            "Escriba un CNPJ válido.",
        ],
        InputKind::Url => [
            "Please enter a valid web address.",
            "Informe um endereço da web válido.",
            "Escriba una dirección web válida.",
        ],
        InputKind::Uuid => [
            "Please enter a valid UUID.",
            "Informe um UUID válido.",
            "Escriba un UUID válido.",
        ],
        InputKind::Color => [
            "Please enter a colour, such as red or #ff0000.",
            "Informe uma cor, como vermelho ou #ff0000.",
            "Escriba un color, como rojo o #ff0000.",
        ],
        InputKind::CreditCard => [
            "Please enter a valid card number.",
            "Informe um número de cartão válido.",
            "Escriba un número de tarjeta válido.",
        ],
        InputKind::Password => [
            "Please enter a password of at least 8 characters.",
            "Informe uma senha com pelo menos 8 caracteres.",
            "Escriba una contraseña de al menos 8 caracteres.",
        ],
        InputKind::Image => ["Please send an image.", "Envie uma imagem.", "Envíe una imagen."],
        InputKind::Video => ["Please send a video.", "Envie um vídeo.", "Envíe un vídeo."],
        InputKind::Audio => ["Please send a sound recording.", "Envie um áudio.", "Envíe un audio."],
        InputKind::File | InputKind::Document => ["Please send a file.", "Envie um arquivo.", "Envíe un archivo."],
        InputKind::Menu => [
            "Please choose one of the options:",
            "Escolha uma das opções:",
            "Elija una de las opciones:",
        ],
        InputKind::Text => ["Please answer.", "Responda, por favor.", "Responda, por favor."],
    }
}
